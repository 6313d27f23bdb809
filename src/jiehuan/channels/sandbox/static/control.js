// Keeps the control page up to date; without it the browser loads the page anew now and then.
"use strict";

const EVERY_MS = 1500;
let held = false; // a button is pressed: what is under it must not be exchanged

addEventListener("pointerdown", () => { held = true; });
for (const name of ["pointerup", "pointercancel"]) {
  addEventListener(name, () => setTimeout(() => { held = false; }, 300));
}

async function refresh() {
  if (document.hidden || held) return;
  const url = new URL(location.href);
  url.searchParams.set("part", "live");
  const answer = await fetch(url, { cache: "no-store" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    const busy = held || part.contains(document.activeElement);
    if (now && !busy && part.innerHTML !== now.innerHTML) part.replaceChildren(...now.childNodes);
  }
}

setInterval(() => refresh().catch(() => {}), EVERY_MS);
