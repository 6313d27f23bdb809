// Makes the pages livelier; each works without it.  It reckons no money: the server does.
"use strict";

document.documentElement.classList.add("js");

// The slider and the field beside it say the same.
document.addEventListener("input", (event) => {
  const form = event.target.closest("form.borrow");
  if (!form) return;
  const field = form.elements.namedItem("amount");
  const slide = form.querySelector("[data-slide]");
  if (event.target === slide) field.value = Number(slide.value).toLocaleString("en-US");
  if (event.target === field) slide.value = field.value.replace(/[^\d.]/g, "") || slide.min;
});

// Who types another amount has chosen to.
document.addEventListener("focusin", (event) => {
  const picks = event.target.dataset && event.target.dataset.picks;
  if (!picks) return;
  for (const one of event.target.form.elements) {
    if (one.type === "radio" && one.value === picks) one.checked = true;
  }
});

// A form is sent once; a wallet's page is opened by its bridge where there is one.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.bridge && window.WeixinJSBridge) {
    event.preventDefault();
    window.WeixinJSBridge.invoke(form.dataset.bridge, JSON.parse(form.dataset.told), (answer) => {
      const said = /:ok$/.test(answer.err_msg) ? "ok" : "cancel";
      location.replace(`${location.pathname}?said=${said}`);
    });
    return;
  }
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button")) button.classList.add("weui-btn_loading");
});

// Back from the next page, a form may be sent again: its key makes that harmless.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.classList.remove("weui-btn_loading");
  }
});
