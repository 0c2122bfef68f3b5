// What a page does beyond links and forms; each works without it.
"use strict";

const fetchFragment = async (address, signal) => {
  const response = await fetch(address, { headers: { "X-Fragment": "1" }, signal });
  if (!response.ok && response.status !== 422) throw new Error(response.status); // a whole page, such as "Too long"
  return { html: await response.text(), address: response.headers.get("X-Address"), ok: response.ok };
};

// Robustness takes ten times as long as the answer, so it is asked for once the answer is shown.
const addSureness = async (signal) => {
  const place = document.getElementById("how-sure");
  if (!place?.dataset.address) return;
  const sure = await fetchFragment(`${place.dataset.address}&sure=1`, signal).catch(() => null); // the link is still there
  if (sure?.ok && place.isConnected) place.innerHTML = sure.html;
};

// The ranking on /choose follows each tick, as "Update" would do it: the same address, of which only a part is sent.
const followForm = (form, live) => {
  let running = new AbortController();
  // A search or a list that was typed and not sent is no part of the question.
  const isTyped = (name) => name === "q" || name === "list";
  const read = () => [...new FormData(form)].filter(([name, text]) => text !== "" && !isTyped(name));
  const write = (fields) => {
    for (const field of form.elements) {
      if (!field.name || isTyped(field.name) || field.type === "hidden") continue;
      const texts = fields.filter(([name]) => name === field.name).map(([, text]) => text);
      if (field.type === "checkbox") field.checked = texts.includes(field.value);
      else field.value = texts[0] ?? "";
    }
  };
  const show = async (address) => {
    running.abort();
    running = new AbortController();
    const { signal } = running;
    const found = await fetchFragment(address, signal);
    if (signal.aborted) return null;
    const isOpen = live.querySelector("details")?.open;
    live.innerHTML = found.html;
    if (isOpen) live.querySelector("details")?.setAttribute("open", "");
    addSureness(signal);
    return found.address;
  };
  history.replaceState(read(), "");
  addSureness(running.signal);
  form.addEventListener("change", async (event) => {
    if (isTyped(event.target.name)) return;
    const fields = read();
    const asked = `${form.getAttribute("action")}?${new URLSearchParams(fields)}`;
    try {
      const address = await show(asked);
      if (address !== null) history.pushState(fields, "", address);
    } catch (error) {
      if (error.name !== "AbortError") form.submit(); // the browser says what it cannot reach
    }
  });
  addEventListener("popstate", (event) => {
    if (!event.state) return; // a link within the page
    write(event.state);
    show(location.pathname + location.search).catch(() => location.reload());
  });
};

// A link to a page with one part more adds this part here, so that nothing that was filled in is lost.
addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-part]");
  if (!link) return;
  event.preventDefault();
  const page = await fetch(link.href).then((response) => response.text()).catch(() => "");
  const part = new DOMParser().parseFromString(page, "text/html").getElementById(link.dataset.part);
  part?.removeAttribute("id"); // the page may get several
  if (part) link.replaceWith(part);
  else location.assign(link.href);
});

// The page has told what was left out of its address; a link that is shared need not tell it again.
const kept = location.href.replace(/[?&]left_out=[^&#]*/g, "");
if (kept !== location.href) history.replaceState(null, "", kept);

const form = document.getElementById("choose");
if (form) followForm(form, document.getElementById("live"));
else addSureness();
document.querySelector(".summary")?.focus();
