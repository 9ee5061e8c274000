/* lossproof's page: sets the formulas, shows what a step rests on, opens and closes, saves the proof. */
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const narrow = matchMedia("(max-width: 50em)");
  const OVERHANG = 6; /* an italic letter or a root may stand out so far */
  const BLOCKS = "p, li, dd, td, th, div, summary, h1, h2, h3, h4, h5, .both";
  const OPTIONS = { throwOnError: true, strict: "error", trust: false, maxExpand: 1e6, maxSize: 50 };

  /* Formulas */

  function set(element) {
    const data = element.dataset;
    const tex = (narrow.matches && data.narrow) || data.tex;
    if (data.done === tex) return;
    data.done = tex;
    const plain = element.dataset.plain ??= element.textContent;
    try {
      katex.render(tex, element, { ...OPTIONS, displayMode: element.classList.contains("d") });
    } catch (error) {
      element.textContent = plain;
      data.failed = error.message;
    }
  }

  /* A formula that is wider than its place scrolls by itself. */
  function fit(elements) {
    for (const element of elements) element.classList.remove("wide");
    const over = elements.map((e) => e.offsetWidth > e.parentElement.closest(BLOCKS).clientWidth || (e.matches(".d") && e.scrollWidth > e.clientWidth + OVERHANG));
    elements.forEach((element, i) => {
      element.classList.toggle("wide", over[i]);
      if (over[i]) element.tabIndex = 0;
      else element.removeAttribute("tabindex");
    });
  }

  /* What is folded away is set when it is opened: a long proof has thousands of formulas. */
  function folded(element) {
    for (let inner = element, outer; (outer = inner.parentElement?.closest("details")); inner = outer) {
      if (!outer.open && !outer.querySelector(":scope > summary").contains(element)) return true;
    }
    return false;
  }

  function setVisible(root) {
    const shown = all(".m", root).filter((m) => !folded(m));
    shown.forEach(set);
    fit(shown);
  }

  document.addEventListener("toggle", (event) => event.target.open && setVisible(event.target), true);
  let resized = 0;
  addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(setVisible, 100, document); });

  /* What a line or a step rests on, shown beside it */

  const tip = document.getElementById("tip");
  const MOST = 3;
  let owner = null;
  let leaving = 0;

  function show(summary) {
    clearTimeout(leaving);
    if (owner === summary) return;
    hide();
    const details = summary.parentElement;
    const found = all(".about", details);
    if (!found.length || (details.open && details.matches(".step"))) return;
    tip.replaceChildren(...found.slice(0, MOST).map((about) => about.cloneNode(true)));
    if (found.length > MOST) {
      const more = document.createElement("p");
      more.className = "label";
      more.textContent = `and ${found.length - MOST} more steps: open the line`;
      tip.append(more);
    }
    all("a", tip).forEach((a) => { a.tabIndex = -1; });
    tip.hidden = false;
    setVisible(tip);
    owner = summary;
    summary.setAttribute("aria-describedby", "tip");
    const box = summary.getBoundingClientRect();
    const page = document.documentElement;
    const left = Math.max(8, Math.min(box.left + 32, page.clientWidth - tip.offsetWidth - 8));
    const below = box.bottom + tip.offsetHeight + 10 < page.clientHeight || box.top < tip.offsetHeight + 10;
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${(below ? box.bottom + 4 : box.top - tip.offsetHeight - 4) + scrollY}px`;
  }

  function hide() {
    clearTimeout(leaving);
    tip.hidden = true;
    owner?.removeAttribute("aria-describedby");
    owner = null;
  }

  const later = () => { clearTimeout(leaving); leaving = setTimeout(hide, 250); };
  const SUMMARY = ".line > summary, .step > summary";
  let waiting = 0;

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    clearTimeout(waiting);
    const summary = event.target.closest(SUMMARY);
    if (summary) waiting = setTimeout(show, 250, summary);
    if (summary === owner || tip.contains(event.target)) clearTimeout(leaving);
    else if (owner && owner !== document.activeElement) later();
  });
  document.addEventListener("focusin", (event) => {
    const summary = event.target.closest(SUMMARY);
    if (summary?.matches(":focus-visible")) show(summary);
    else if (!tip.contains(event.target)) hide();
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") { clearTimeout(waiting); hide(); } });
  document.addEventListener("click", (event) => {
    clearTimeout(waiting);
    if (event.target.closest("summary, #tip a") || !tip.contains(event.target)) hide();
  });

  /* Opening and closing */

  for (const bar of all(".toolbar")) {
    bar.hidden = false;
    const root = bar.closest("section");
    bar.addEventListener("click", (event) => {
      const what = event.target.closest("button")?.dataset.open;
      if (what === undefined) return;
      for (const details of all("details", root)) details.open = what === "step" || (what === "line" && !details.matches(".step"));
    });
  }

  /* A link to a step opens what it is folded into. */
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let d = target.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
    target.scrollIntoView();
  }
  addEventListener("hashchange", reveal);

  /* Printing shows every line with its steps. */
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details.line:not([open])");
    opened.forEach((d) => { d.open = true; setVisible(d); });
  });
  addEventListener("afterprint", () => opened.forEach((d) => { d.open = false; }));

  /* The proof as a file */

  for (const button of all(".save")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const text = document.getElementById(button.dataset.proof).textContent;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      link.download = button.dataset.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    });
  }

  setVisible(document);
  reveal();
  document.documentElement.dataset.ready = "";
})();
