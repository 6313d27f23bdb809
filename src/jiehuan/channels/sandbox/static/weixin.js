// Stands in for the bridge that the wallet's own browser has built in.
//
// WeixinJSBridge.invoke("getBrandWCPayRequest" | "requestMerchantTransfer", parameters, callback)
// goes to the sandbox's page and comes back to this one with wxpay=ok or wxpay=cancel in the
// query.  A callback does not live through that, so on the way back the document gets an event
// "wxpay" (detail: what the callback would have been given), and a page that calls invoke again by
// itself, before anybody touched it, has its callback called at once.  As with the real one, "ok"
// says what the person saw; that money moved, only the merchant's server can learn.
(() => {
  "use strict";

  const home = new URL(document.currentScript.src).origin;
  const STORED = "wxpay.sandbox";
  const TEXT = (value) => typeof value === "string" && value !== "";
  const APIS = {
    getBrandWCPayRequest: {
      said: "get_brand_wcpay_request",
      missing: (told) =>
        ["appId", "timeStamp", "nonceStr", "package", "signType", "paySign"].find((name) => !TEXT(told[name])) ||
        (/^prepay_id=./.test(told.package) ? "" : "package") ||
        (told.signType === "RSA" ? "" : "signType") ||
        (/^\d{1,11}$/.test(told.timeStamp) ? "" : "timeStamp"),
      page: (told) => ["/cashier", "prepay_id", told.package.slice("prepay_id=".length)],
    },
    requestMerchantTransfer: {
      said: "requestMerchantTransfer",
      missing: (told) => ["mchId", "appId", "package"].find((name) => !TEXT(told[name])) || "",
      page: (told) => ["/confirm", "package_info", told.package],
    },
  };

  function cameBack() {
    const here = new URL(location.href);
    const answer = here.searchParams.get("wxpay");
    const left = JSON.parse(sessionStorage.getItem(STORED) || "null");
    sessionStorage.removeItem(STORED);
    if (answer !== "ok" && answer !== "cancel") return null;
    here.searchParams.delete("wxpay");
    history.replaceState(history.state, "", here);
    const api = APIS[left && left.name] ? left.name : "getBrandWCPayRequest";
    return { api, package: left && left.package, answer: { err_msg: `${APIS[api].said}:${answer}` } };
  }

  let back = cameBack();

  function invoke(name, parameters, callback) {
    const api = APIS[name];
    const told = typeof parameters === "string" ? JSON.parse(parameters) : parameters || {};
    const answer = (value) => callback && callback(value);
    if (!api) return answer({ err_msg: `${name}:fail_no permission` });
    const missing = api.missing(told);
    if (missing) return answer({ err_msg: `${api.said}:fail`, err_desc: `${missing} is missing or wrong` });
    const untouched = !(navigator.userActivation && navigator.userActivation.hasBeenActive);
    if (back && back.api === name && back.package === told.package && untouched) {
      const result = back.answer;
      back = null;
      return answer(result);
    }
    const [path, key, value] = api.page(told);
    const to = new URL(path, home);
    const language = document.documentElement.lang.slice(0, 2);
    to.searchParams.set(key, value);
    to.searchParams.set("back", location.href);
    if (language === "zh" || language === "en") to.searchParams.set("lang", language);
    sessionStorage.setItem(STORED, JSON.stringify({ name, package: told.package }));
    location.assign(to);
    return undefined;
  }

  const nothing = () => {};
  window.WeixinJSBridge = { invoke, call: nothing, on: nothing };

  function ready() {
    document.dispatchEvent(new Event("WeixinJSBridgeReady"));
    if (back) document.dispatchEvent(new CustomEvent("wxpay", { detail: back.answer }));
  }
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", ready);
  else setTimeout(ready);
})();
