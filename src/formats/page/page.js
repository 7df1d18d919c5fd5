// Draws a trace's page from the JSON in it. It runs in a browser, from a file, and loads nothing: d3 and flamegraph are
// globals that the page contains. Text from the trace is inserted only as text, never as markup.

const { flamegraph, d3 } = globalThis;
const data = JSON.parse(document.getElementById("data").textContent);
const timed = data.tracer === "function_graph";
const byId = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en-US");

/** A duration in a readable unit: 12.3 µs. */
function duration(nanoseconds) {
  for (const [unit, size] of [
    ["s", 1e9],
    ["ms", 1e6],
    ["µs", 1e3],
  ]) {
    if (nanoseconds >= size) return `${(nanoseconds / size).toPrecision(4)} ${unit}`;
  }
  return `${nanoseconds} ns`;
}

const count = (value, noun) => `${number.format(value)} ${noun}${value === 1 ? "" : "s"}`;
const percent = (part, whole) => (whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : "");
const label = ({ name, module }) => (module === null ? name : `${name} [${module}]`);

function element(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** A name's hue: the same on every page, with similar hues for a module's functions. */
function hue(name, module) {
  const hash = (text) => [...text].reduce((sum, one) => (sum * 31 + one.codePointAt(0)) % 9973, 7);
  return (module === null ? 205 : hash(module) % 360) + (hash(name) % 50) - 25;
}
const colour = ({ name, module }) => `hsl(${hue(name, module)} 62% ${66 + (name.length % 5) * 2}%)`;

function drawSummary() {
  byId("task").textContent = data.task;
  const kernel = data.release === "" ? "" : `, kernel ${data.release}`;
  byId("says").textContent =
    `${timed ? "Calls and returns (function_graph)" : "Calls (function)"}, ` +
    `${data.endian}-endian, ${count(data.cpus, "CPU")}${kernel}`;
  const cards = [
    ["Calls", number.format(data.calls)],
    ["Functions", number.format(data.functionCount)],
    ["Time traced", duration(data.span)],
    ["Events", number.format(data.events)],
    ["Events lost", number.format(data.overruns)],
  ];
  for (const [name, value] of cards) {
    const card = element("div");
    card.append(element("dt", name), element("dd", value));
    byId("summary").append(card);
  }
  byId("footer").textContent = `Written by ${data.writer}.`;
}

function drawFlame() {
  const holder = byId("flame");
  const whole = data.flame.value;
  const weight = (value) => (timed ? duration(value) : count(value, "call"));
  byId("flame-note").textContent = timed
    ? "A box is a path of callers; its width is the time in it and in what it calls. Click to look inside."
    : "The function tracer records a call and its caller: callers are below, and a box's width is its calls.";
  if (whole === 0) {
    holder.textContent = "There are no events.";
    return;
  }
  const describe = ({ data: node }) =>
    `${label(node)}: ${weight(node.value)}, ${percent(node.value, whole)}` +
    (timed && node.calls > 0 ? `, ${count(node.calls, "call")}` : "");
  const chart = flamegraph
    .default()
    .cellHeight(20)
    .minFrameSize(1)
    .transitionDuration(200)
    .selfValue(false)
    .inverted(false)
    .sort(true)
    .getName(({ data: node }) => label(node))
    .setLabelHandler(describe)
    .setColorMapper(({ data: node, highlight }) => (highlight ? "#e600e6" : colour(node)))
    .onHover((node) => {
      byId("flame-details").textContent = describe(node);
    });
  const draw = () => {
    holder.replaceChildren();
    d3.select(holder).datum(data.flame).call(chart.width(holder.clientWidth));
  };
  draw();
  onResize(draw);
  byId("search").addEventListener("input", ({ target }) => {
    if (target.value === "") chart.clear();
    else chart.search(target.value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  });
  byId("reset").addEventListener("click", () => chart.resetZoom());
}

/** Calls `draw` when the window's width has changed. */
function onResize(draw) {
  let width = window.innerWidth;
  let timer = 0;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    clearTimeout(timer);
    timer = setTimeout(draw, 100);
  });
}

const ROW = 18;
const AXIS = 20;
const FONT = '11px ui-monospace, "SF Mono", Menlo, Consolas, monospace';

/** The part of the time that the timeline shows, in nanoseconds from the first event on. */
const view = { start: 0, span: Math.max(1, data.span) };

function drawTimeline() {
  const canvas = byId("timeline");
  const rows = timed ? data.rows : data.density.length + (data.instants.length > 0 ? 1 : 0);
  const events =
    data.instantCount === 0
      ? ""
      : ` Bars mark ${count(data.instantCount, "event")} of other kinds${data.instantCount > data.instants.length ? `, ${number.format(data.instants.length)} of them shown` : ""}.`;
  byId("timeline-note").textContent = timed
    ? `Calls by time and depth, each stack by itself${data.sliceCount > data.slices.length ? `, the longest ${number.format(data.slices.length)} of ${number.format(data.sliceCount)}` : ""}. Wheel to zoom, drag to move.${events}`
    : `How often the most called functions were called: the stronger the colour, the oftener.${events}`;
  byId("whole").hidden = !timed;
  const styles = getComputedStyle(document.documentElement);
  const paint = () => {
    const scale = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = AXIS + Math.max(1, rows) * ROW + 4;
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.font = FONT;
    pen.textBaseline = "middle";
    const soft = styles.getPropertyValue("--soft");
    if (timed) paintSlices(pen, width, height, styles);
    else paintDensity(pen, width, soft, styles);
  };
  paint();
  onResize(paint);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  if (timed) listen(canvas, paint);
  else canvas.style.cursor = "default";
}

function paintAxis(pen, from, width, soft, start, span) {
  pen.fillStyle = soft;
  const marks = Math.max(2, Math.floor(width / 140));
  for (let mark = 0; mark < marks; mark += 1) {
    const text = duration(Math.round(data.start + start + (span * mark) / marks));
    pen.fillText(text, from + (width * mark) / marks + 3, AXIS / 2);
  }
}

/** A bar for each event that is no call, in its stack's row. */
function paintInstants(pen, from, width, start, span, rowOf, accent) {
  pen.fillStyle = accent;
  for (const [, , time, row] of data.instants) {
    const x = from + ((time - start) / span) * width;
    if (x >= from && x <= from + width) pen.fillRect(x, AXIS + 2 + rowOf(row) * ROW, 2, ROW - 3);
  }
}

function paintSlices(pen, width, height, styles) {
  const [soft, line, accent] = ["--soft", "--line", "--accent"].map((name) =>
    styles.getPropertyValue(name),
  );
  paintAxis(pen, 0, width, soft, view.start, view.span);
  pen.fillStyle = line;
  pen.fillRect(0, AXIS - 1, width, 1);
  for (const { label: name, row } of data.lanes) {
    pen.fillStyle = soft;
    pen.fillText(name, 3, AXIS + 2 + row * ROW + ROW / 2 - 1);
  }
  paintInstants(pen, 0, width, view.start, view.span, (row) => row, accent);
  const scale = width / view.span;
  for (const [name, start, length, depth] of data.slices) {
    const x = (start - view.start) * scale;
    const w = length * scale;
    const y = AXIS + 2 + depth * ROW;
    if (x > width || x + w < 0 || y > height) continue;
    pen.fillStyle = `hsl(${hue(data.names[name], null)} 62% 70%)`;
    pen.fillRect(
      Math.max(0, x),
      y,
      Math.max(0.6, Math.min(w, width - Math.max(0, x)) - 0.5),
      ROW - 2,
    );
    const room = Math.min(width, x + w) - Math.max(0, x) - 8;
    if (room < 24) continue;
    pen.fillStyle = "#14181f";
    const text = data.names[name];
    pen.fillText(text.slice(0, Math.floor(room / 6.7)), Math.max(0, x) + 4, y + ROW / 2 - 1);
  }
}

function paintDensity(pen, width, soft, styles) {
  const names = Math.min(220, width / 3);
  const strip = width - names;
  paintAxis(pen, names, strip, soft, 0, Math.max(1, data.span));
  const text = styles.getPropertyValue("--text");
  for (const [row, { name, counts }] of data.density.entries()) {
    const y = AXIS + 2 + row * ROW;
    const most = Math.max(...counts);
    pen.fillStyle = text;
    pen.fillText(name.slice(0, Math.floor((names - 10) / 6.7)), 0, y + ROW / 2 - 1);
    const [column, whole] = [strip / counts.length, styles.getPropertyValue("--accent")];
    pen.fillStyle = whole;
    for (const [index, calls] of counts.entries()) {
      if (calls === 0) continue;
      pen.globalAlpha = 0.2 + 0.8 * (calls / most);
      pen.fillRect(names + index * column, y, Math.ceil(column), ROW - 3);
    }
    pen.globalAlpha = 1;
  }
  const accent = styles.getPropertyValue("--accent");
  const last = data.density.length;
  paintInstants(pen, names, strip, 0, Math.max(1, data.span), () => last, accent);
}

function listen(canvas, paint) {
  const clamp = () => {
    const whole = Math.max(1, data.span);
    view.span = Math.min(whole, Math.max(10, view.span));
    view.start = Math.min(whole - view.span, Math.max(0, view.start));
  };
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const at = event.offsetX / canvas.clientWidth;
      const span = view.span * (event.deltaY > 0 ? 1.25 : 0.8);
      view.start += (view.span - span) * at;
      view.span = span;
      clamp();
      paint();
    },
    { passive: false },
  );
  canvas.addEventListener("pointermove", (event) => {
    if ((event.buttons & 1) === 1) {
      view.start -= (event.movementX / canvas.clientWidth) * view.span;
      clamp();
      paint();
    }
    const time = view.start + (event.offsetX / canvas.clientWidth) * view.span;
    const depth = Math.floor((event.offsetY - AXIS - 2) / ROW);
    const found = data.slices.find(
      ([, start, length, at]) => at === depth && start <= time && time <= start + length,
    );
    const near = data.instants.find(
      ([, , at, row]) =>
        row === depth && Math.abs(at - time) < (3 * view.span) / canvas.clientWidth,
    );
    byId("timeline-details").textContent =
      found === undefined
        ? near === undefined
          ? ""
          : `${near[0]}: ${near[1]}, at ${duration(data.start + near[2])}`
        : `${data.names[found[0]]}: ${duration(found[2])}, from ${duration(data.start + found[1])} on`;
  });
  byId("whole").addEventListener("click", () => {
    view.start = 0;
    view.span = Math.max(1, data.span);
    paint();
  });
}

const COLUMNS = timed
  ? [
      ["Function", "name", label],
      ["Self", "self", ({ self }) => duration(self)],
      ["Self, of all", "self", ({ self }) => percent(self, data.flame.value)],
      ["With callees", "total", ({ total }) => duration(total)],
      ["Calls", "calls", ({ calls }) => number.format(calls)],
      ["Self a call", "mean", ({ self, calls }) => duration(Math.round(self / calls))],
    ]
  : [
      ["Function", "name", label],
      ["Calls", "calls", ({ calls }) => number.format(calls)],
      ["Of all", "calls", ({ calls }) => percent(calls, data.calls)],
    ];

// Only a trace that was written with lines has them.
if (data.functions.some(({ source }) => source)) {
  COLUMNS.push(["Source", "source", ({ source }) => source ?? ""]);
}

function drawFunctions() {
  const rows = data.functions.map((row) => ({ ...row, mean: timed ? row.self / row.calls : 0 }));
  const table = byId("functions");
  byId("functions-note").textContent =
    (timed
      ? "Self is the time in a function without what it calls; a recursive one is in its total once."
      : "The function tracer records how often, not how long; trace with -p function_graph for times.") +
    (data.functionCount > rows.length ? ` The first ${number.format(rows.length)} are shown.` : "");
  const draw = (key) => {
    const sorted = rows.toSorted((a, b) =>
      key === "name"
        ? label(a).localeCompare(label(b))
        : key === "source"
          ? (a.source ?? "").localeCompare(b.source ?? "")
          : b[key] - a[key],
    );
    const head = element("tr");
    for (const [title, column] of COLUMNS) {
      const cell = element("th", title, { "data-sort": column });
      if (column === key) cell.setAttribute("aria-sort", "descending");
      cell.addEventListener("click", () => draw(column));
      head.append(cell);
    }
    const heaviest = Math.max(1, ...rows.map((row) => (timed ? row.self : row.calls)));
    const body = sorted.map((row) => {
      const line = element("tr");
      for (const [index, [, , show]] of COLUMNS.entries()) {
        const cell = element("td", show(row));
        if (index === 1) {
          cell.className = "bar";
          cell.style.setProperty("--share", (timed ? row.self : row.calls) / heaviest);
        }
        line.append(cell);
      }
      return line;
    });
    table.replaceChildren(head, ...body);
  };
  draw(timed ? "self" : "calls");
}

function drawCost() {
  if (data.cost === null) return;
  byId("cost-section").hidden = false;
  for (const [name, value] of data.cost.rows) {
    const line = element("tr");
    line.append(element("td", name), element("td", value));
    byId("cost").append(line);
  }
  byId("cost-note").textContent = data.cost.note;
}

drawSummary();
drawFlame();
drawTimeline();
drawFunctions();
drawCost();
