"""English for the first pages: the wallet's services, signing in, applying, the home page."""

from collections.abc import Mapping
from typing import Final

EN: Final[Mapping[str, str]] = {
    # --- On every page
    "借还": "Jiehuan",
    "返回": "Back",
    "回首页": "Home",
    "回服务页": "Back to services",
    "编号": "No.",
    "退出登录": "Sign out",
    # --- The wallet's services
    "服务": "Services",
    "收付款": "Money",
    "钱包": "Wallet",
    "金融理财": "Finance",
    "理财": "Wealth",
    "保险": "Insurance",
    "信用卡还款": "Cards",
    "生活服务": "Daily services",
    "手机充值": "Top up",
    "生活缴费": "Utilities",
    "城市服务": "Public",
    "医疗健康": "Health",
    "交通出行": "Transport",
    "出行服务": "Rides",
    "火车票机票": "Rail, flights",
    "酒店": "Hotels",
    "加油": "Fuel",
    "演示：只有“借还”可以打开，其余是钱包里的其他服务。": (
        "A demo: only Jiehuan opens; the others stand for what else a wallet has."
    ),
    # --- Signing in
    "没有登录成功": "Could not sign in",
    "微信没有确认你的身份：登录码无效、已过期，或不是从本页面发起的。请重新登录。": (
        "WeChat did not confirm who you are: the code is wrong or old, or this page did not ask"
        " for it. Please sign in again."
    ),
    "重新登录": "Sign in again",
    # --- Applying
    "申请额度": "Apply for credit",
    "最高可申请": "Apply for up to",
    "借款日利率 {rate}，按日计息，可随时还": "{rate} a day on what you borrow; repay any day",
    "身份信息": "Who you are",
    "姓名": "Name",
    "身份证号": "ID number",
    "18 位": "18 characters",
    "手机号": "Mobile",
    "学历": "Education",
    "研究生": "Graduate school",
    "大学": "University",
    "高中": "High school",
    "其他": "Other",
    "年龄由身份证号得出；信息加密保存，只用于审批。": (
        "Your age follows from the ID number. All of it is kept encrypted and used for this"
        " decision only."
    ),
    "演示：填入一份测试资料": "Demo: fill in test data",
    "姓名请填登录时所选的测试人": "as the name, take that of the test person you signed in as",
    "费率与条款": "Rates and terms",
    "消费": "Purchases",
    "还款日前免息": "free until the due day",
    "借到零钱，年化（单利）": "Cash to the wallet, yearly (simple)",
    "账单未还部分，年化（单利）": "Unpaid rest of a bill, yearly (simple)",
    "逾期部分，年化（单利）": "Past due, yearly (simple)",
    "{count} 期分期，总手续费": "{count} instalments, whole fee",
    "账单日、还款日": "Bill cut, due",
    "每月 {cut} 日、{due} 日 24:00 前": "day {cut}, by day {due} 24:00 of the month",
    "我已阅读并同意上述费率与条款，授权为审批查询我的信息": (
        "I have read and accept these rates and terms, and allow my data to be used to decide"
    ),
    "提交申请": "Apply",
    "请填写证件上的姓名": "Please enter the name on your ID card",
    "身份证号不正确，请核对 18 位号码和校验码": (
        "This is not a valid ID number; check all 18 characters and the check digit"
    ),
    "请填写 11 位手机号": "Please enter a mobile number of 11 digits",
    "请选择学历": "Please choose your education",
    "请填写可申请范围内的金额": "Please enter an amount that can be applied for",
    "请阅读并同意后再提交": "Please read and agree before you go on",
    "暂不受理申请": "No applications now",
    "目前没有可以申请的产品。": "There is no product to apply for at present.",
    "申请次数过多": "Too many applications",
    "请联系客服，由人工为你办理。": "Please get in touch with us, so that a person looks at it.",
    "申请结果": "Your application",
    "申请已通过": "Approved",
    "你的额度": "Your credit line",
    "已转人工审核": "A person will decide",
    "工作人员会查看你的申请，额度还没有开通。": (
        "Somebody will look at your application; there is no credit line yet."
    ),
    "申请没有通过": "Not approved",
    "这次没有开通额度；情况变化后可以再次申请。": (
        "No credit line was opened. You may apply again when things have changed."
    ),
    "审批依据": "Why",
    "策略 {policy} 第 {version} 版，{on}": "policy {policy}, version {version}, {on}",
    "开始使用": "Start",
    "再次申请": "Apply again",
    # --- Home
    "可用额度（元）": "Available (CNY)",
    "已用 {used}%，处理中 {held}%": "{used}% used, {held}% on its way",
    "总额度": "Limit",
    "处理中": "On its way",
    "已用": "Used",
    "办理": "What to do",
    "借钱": "Borrow",
    "扫码付": "Scan to pay",
    "还款": "Repay",
    "账单": "Bills",
    "借款 {amount} 办理中": "Borrowing {amount}: see how it stands",
    "还款 {amount} 待完成": "Repaying {amount}: to be finished",
    "退回 {amount} 办理中": "Giving back {amount}: on its way",
    "额度已停用": "The line has ended",
    "这个额度已核销，只能还款。": "It was written off; it can only be repaid.",
    "{month}账单": "{month} bill",
    "已逾期": "past due",
    "待还": "to pay",
    "立即还款": "Repay now",
    "已过还款日 {day}，请尽快还清最低还款额 {least}": (
        "Due day {day} has passed; please pay the minimum of {least} soon"
    ),
    "逾期部分按日利率 {rate} 计罚息，不再另计利息": (
        "What is past due costs {rate} a day, in place of interest"
    ),
    "还款日已过，最低还款额已还；未还部分按日利率 {rate} 计息": (
        "The due day has passed and the minimum is met; the rest costs {rate} a day"
    ),
    "还款截至 {day} 24:00 前": "Due by {day}, 24:00",
    "今天到期": "due today",
    "还剩 {days} 天": "{days} days left",
    "最低还款额 {least}": "Minimum {least}",
    "已还够": "met",
    "本期账单": "This bill",
    "无需还款": "Nothing to pay",
    "未出账 {amount}，{day} 出账单": "{amount} not billed yet; the bill comes on {day}",
    "现在没有欠款": "You owe nothing now",
    "多还了 {amount}，可退回微信": "{amount} paid too much, can go back to WeChat",
    "借一笔": "Borrow",
    "最近": "Latest",
    "还没有记录": "Nothing yet",
    "全部记录": "All records",
    "我的借款与分期": "My loans and plans",
}
