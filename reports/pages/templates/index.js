// The table of problems: sorted, filtered and paged from the compact rows of data.js; its state is in the address.
"use strict";
(() => {
  const { runs, stages, codes, families, rows, samples } = PYRITE;
  // A row: [id, file ("" when it is the id), family, state, code, right, answers, state, code, right, answers, ...]
  const SIZE = 100, WIDTH = 4, FIRST = 3;
  const NAMES = [...stages, "right", "unknown", "not answered"];
  const RIGHT = stages.length, UNKNOWN = RIGHT + 1, NONE = RIGHT + 2;
  const byId = (id) => document.getElementById(id);
  const state = (row, run) => row[FIRST + WIDTH * run];
  const code = (row, run) => row[FIRST + WIDTH * run + 1];
  const fileOf = (row) => `problems/${encodeURIComponent(row[1] || row[0])}.html`;
  // Addresses are foreign text: only own keys count, never what every object inherits.
  const defaults = { q: "", stage: "", code: "", family: "", flip: "", run: "0", sort: "", page: "1" };
  let current = { ...defaults };
  let shown = rows;

  function option(select, value, text) {
    const item = document.createElement("option");
    item.value = value;
    item.textContent = text;
    select.append(item);
  }
  option(byId("f-stage"), "surface", "fails the surface (1–3)");
  option(byId("f-stage"), "looks", "looks right, is wrong");
  stages.forEach((name, i) => option(byId("f-stage"), name, `fails ${i + 1} ${name}`));
  option(byId("f-stage"), "right", "right");
  option(byId("f-stage"), "unknown", "unknown");
  codes.forEach((name, i) => { if (i) option(byId("f-code"), name, name); });
  if (byId("f-family")) families.forEach((name) => option(byId("f-family"), name, name || "(none)"));
  if (byId("f-flip")) {
    option(byId("f-flip"), "lost", "lost: right before, wrong now");
    option(byId("f-flip"), "gained", "gained: wrong before, right now");
    option(byId("f-flip"), "any", "lost or gained");
    option(byId("f-flip"), "surface", "surface flipped");
  }

  const right = (s) => s === RIGHT ? 1 : s < RIGHT ? 0 : null;
  const looks = (s) => s < 3 ? 0 : s === NONE ? null : 1;
  function flipped(row, how, run) {
    // Against the first run; when the first run itself is chosen, any other run against it.
    const others = run > 0 ? [run] : runs.map((_, i) => i).slice(1);
    return others.some((other) => {
      const judge = how === "surface" ? looks : right;
      const before = judge(state(row, 0)), after = judge(state(row, other));
      if (before === null || after === null || before === after) return false;
      return how === "lost" ? before === 1 : how === "gained" ? after === 1 : true;
    });
  }
  function inStage(s, wanted) {
    if (wanted === "surface") return s < 3;
    if (wanted === "looks") return s >= 3 && s < RIGHT;
    return NAMES[s] === wanted;
  }

  function read() {
    current = { ...defaults };
    for (const [key, value] of new URLSearchParams(location.hash.slice(1))) {
      if (Object.hasOwn(defaults, key)) current[key] = value;
    }
    if (!/^\d+$/.test(current.run) || Number(current.run) >= runs.length) current.run = "0";
  }
  function write(change, replace) {
    const next = { ...current, ...change };
    if (!("page" in change)) next.page = "1";
    const kept = Object.entries(next).filter(([key, value]) => value !== defaults[key]);
    const hash = new URLSearchParams(kept).toString();
    const address = hash ? `#${hash}` : location.pathname;
    if (replace) history.replaceState(null, "", address); else history.pushState(null, "", address);
    render();
  }

  const collator = new Intl.Collator("en", { numeric: true });
  const sorters = {
    id: (a, b) => collator.compare(a[0], b[0]),
    family: (a, b) => collator.compare(families[a[2]] || "", families[b[2]] || ""),
  };
  runs.forEach((_, run) => { sorters[`run${run}`] = (a, b) => state(a, run) - state(b, run)
    || (a[FIRST + WIDTH * run + 2] / (a[FIRST + WIDTH * run + 3] || 1)) - (b[FIRST + WIDTH * run + 2] / (b[FIRST + WIDTH * run + 3] || 1)); });

  const heads = [["id", "problem"]];
  if (byId("f-family")) heads.push(["family", "family"]);
  runs.forEach((name, run) => heads.push([`run${run}`, runs.length > 1 ? `${String.fromCharCode(65 + run % 26)} ${name}` : "how far it came"]));
  for (const [key, title] of heads) {
    const head = document.createElement("th");
    head.scope = "col";
    head.dataset.key = key;
    if (key === "family") head.className = "family";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    const label = document.createElement("bdi");
    label.textContent = title;
    button.append(label);
    button.addEventListener("click", () => {
      write({ sort: current.sort === key ? `-${key}` : current.sort === `-${key}` ? "" : key });
    });
    head.append(button);
    byId("problems-head").append(head);
  }

  function cell(row, run) {
    const td = document.createElement("td");
    const s = state(row, run);
    const sign = s === RIGHT ? "●" : s === UNKNOWN ? "?" : s === NONE ? "–" : "✕";
    const mark = document.createElement("span");
    mark.className = `sign ${s === RIGHT ? "pass" : s < RIGHT ? "fail" : "unknown"}`;
    mark.textContent = sign;
    mark.setAttribute("aria-hidden", "true");
    td.append(mark, ` ${s < RIGHT ? "fails " : ""}${NAMES[s]}`);
    const why = codes[code(row, run)];
    if (why) {
      const small = document.createElement("small");
      small.textContent = why;
      td.append(" ", small);
    }
    if (samples && s !== NONE) {
      const small = document.createElement("small");
      small.textContent = ` ${row[FIRST + WIDTH * run + 2]} of ${row[FIRST + WIDTH * run + 3]} right`;
      td.append(small);
    }
    return td;
  }

  function line(row) {
    const tr = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    const link = document.createElement("a");
    link.href = fileOf(row);
    const name = document.createElement("bdi");
    name.textContent = row[0].length > 80 ? `${row[0].slice(0, 79)}…` : row[0];
    link.append(name);
    head.append(link);
    tr.append(head);
    if (byId("f-family")) {
      const td = document.createElement("td");
      td.className = "family";
      const bdi = document.createElement("bdi");
      bdi.textContent = families[row[2]] || "";
      td.append(bdi);
      tr.append(td);
    }
    runs.forEach((_, run) => tr.append(cell(row, run)));
    return tr;
  }

  function render() {
    read();
    for (const key of ["q", "stage", "code", "family", "flip", "run"]) {
      const field = byId(`f-${key}`);
      if (field && document.activeElement !== field) field.value = current[key];
    }
    const run = Number(current.run), needle = current.q.toLowerCase();
    const family = families.indexOf(current.family);
    const reason = codes.indexOf(current.code);
    shown = rows.filter((row) =>
      (!needle || row[0].toLowerCase().includes(needle))
      && (!current.stage || inStage(state(row, run), current.stage))
      && (!current.code || code(row, run) === reason)
      && (!current.family || row[2] === family)
      && (!current.flip || flipped(row, current.flip, run)));
    const key = current.sort.replace(/^-/, "");
    if (Object.hasOwn(sorters, key)) {
      shown = shown.slice().sort(sorters[key]);
      if (current.sort.startsWith("-")) shown.reverse();
    }
    for (const head of byId("problems-head").children) {
      if (head.dataset.key === key) {
        head.setAttribute("aria-sort", current.sort.startsWith("-") ? "descending" : "ascending");
      } else head.removeAttribute("aria-sort");
    }
    const pages = Math.max(1, Math.ceil(shown.length / SIZE));
    const page = Math.min(Math.max(1, Number(current.page) || 1), pages);
    byId("problems-body").replaceChildren(...shown.slice((page - 1) * SIZE, page * SIZE).map(line));
    const all = rows.length.toLocaleString("en");
    byId("count").textContent = shown.length === rows.length
      ? `${all} problem${rows.length === 1 ? "" : "s"}.`
      : `${shown.length.toLocaleString("en")} of ${all} problems.`;
    pager(page, pages);
  }

  function pager(page, pages) {
    const nav = byId("pager");
    nav.replaceChildren();
    nav.hidden = pages < 2;
    const step = (text, to, enabled) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.disabled = !enabled;
      button.addEventListener("click", () => write({ page: String(to) }));
      nav.append(button);
    };
    step("← previous", page - 1, page > 1);
    nav.append(` page ${page} of ${pages} `);
    step("next →", page + 1, page < pages);
  }

  for (const key of ["stage", "code", "family", "flip", "run"]) {
    const field = byId(`f-${key}`);
    if (field) field.addEventListener("change", () => write({ [key]: field.value }));
  }
  byId("f-q").addEventListener("input", () => write({ q: byId("f-q").value }, true));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => setTimeout(() => write({ ...defaults, sort: current.sort }), 0));
  window.addEventListener("hashchange", () => { render(); });
  window.addEventListener("popstate", render);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      byId("f-q").focus();
    } else if ((event.key === "j" || event.key === "k") && !typing) {
      const links = [...byId("problems-body").querySelectorAll("th a")];
      const at = links.indexOf(document.activeElement);
      const to = event.key === "j" ? at + 1 : Math.max(0, at - 1);
      if (links[Math.min(to, links.length - 1)]) links[Math.min(to, links.length - 1)].focus();
    } else if (event.key === "Escape" && event.target === byId("f-q")) {
      byId("f-q").blur();
    }
  });

  for (const link of document.querySelectorAll("a[href^='#family='], a.jump")) {
    link.addEventListener("click", () => setTimeout(() => byId("problems-title").scrollIntoView(), 0));
  }
  render();
  if (location.hash.includes("=")) byId("problems-title").scrollIntoView();
})();
