// Makes the live half and the phone beside it go together; without it each works alone.
"use strict";

// What is under a finger is not drawn anew: the press would be lost.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (document.querySelector("#panel :active")) event.detail.shouldSwap = false;
});

// When a button has changed the book, the phone shows its page anew.  The button itself may be
// gone by then, so it is the request that is listened to.
document.addEventListener("htmx:beforeSend", (event) => {
  const { requestConfig, xhr } = event.detail;
  if (requestConfig.verb !== "post") return;
  xhr.addEventListener("load", () => {
    if (xhr.status >= 400) return;
    try {
      document.querySelector("iframe").contentWindow.location.reload();
    } catch {
      // It is at the wallet's own pages, which are not ours to touch.
    }
  });
});
