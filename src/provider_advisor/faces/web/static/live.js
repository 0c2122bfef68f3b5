// Follows each tick of the form on /choose: the ranking beside it and the address change, as "Update" would do it.
"use strict";
const form = document.getElementById("choose");
if (form) {
  const live = document.getElementById("live");
  const read = () => new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
  const show = async (address) => {
    const response = await fetch(address, { headers: { "X-Fragment": "1" } });
    live.innerHTML = await response.text();
    return response.headers.get("X-Address");
  };
  form.addEventListener("change", async (event) => {
    if (event.target.name === "q") return;
    const address = await show(`/choose?${read()}`);
    history.pushState(null, "", address ?? `/choose?${read()}`);
  });
  addEventListener("popstate", () => location.reload());
}
addEventListener("DOMContentLoaded", () => document.querySelector(".mistakes")?.focus());
