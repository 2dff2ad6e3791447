// Fills `place` with the controls of `spec`, a picture, and the picture in words.
// `script` is draw(plot, at, value, data, state), which paints for what is chosen, `value` by the
// name of its control, at the place `at` among its values, and returns the words. Or an object
// with `draw` and, where the picture itself is worked with:
//   start(data, {add, controls, show})  returns the state
//   press(key, state, data)      a key in the picture; true if it means something
//   touch(x, y, kind, state, data)  the pointer at a place in it: "down", "drag" or "hover"; likewise
//   hint, buttons                the keys in words, and keys that are buttons, too: [words, key]
(place, spec, script) => {
  const page = typeof script === "function" ? {draw: script} : script;
  const {hint, buttons = []} = page;
  const add = (parent, tag, attributes = {}, text = "") => {
    const svg = "http://www.w3.org/2000/svg";
    const inside = tag === "svg" || parent.namespaceURI === svg;
    const made = document.createElementNS(inside ? svg : "http://www.w3.org/1999/xhtml", tag);
    for (const [name, content] of Object.entries(attributes)) made.setAttribute(name, content);
    made.textContent = text;
    return parent.appendChild(made);
  };

  // JupyterLab's shortcuts are for what is held with Ctrl; the other keys are the controls' own.
  const keys = event =>
    place.toggleAttribute("data-lm-suppress-shortcuts", !(event.ctrlKey || event.metaKey));
  for (const kind of ["focusin", "keydown", "keyup"]) place.addEventListener(kind, keys);

  // What stood here, for where no script runs, is hidden by the shadow root. Names and styles in
  // it are its own.
  const root = place.attachShadow({mode: "open"});
  add(root, "style", {}, spec.style);
  const group = add(root, "div", {role: "group", "aria-labelledby": "title"});
  add(group, "p", {id: "title"}, spec.title);
  const controls = add(group, "div", {id: "controls"});
  const picture = add(group, "svg", page.press
    ? {role: "application", tabindex: 0, "aria-labelledby": "title", "aria-describedby": "words hint"}
    : {role: "img", "aria-labelledby": "words"});
  const words = add(group, "p", {id: "words", "aria-live": "polite"});
  if (hint) add(group, "p", {id: "hint"}, hint);

  const plot = {
    add: (tag, attributes, text) => add(picture, tag, attributes, text),
    // The picture shows data from x[0] to x[1] and y[0] to y[1], inside margins, 480 units wide;
    // plot.x and plot.y are where a value is in it.
    window(x, y, height, margin = {left: 8, right: 8, top: 8, bottom: 8}) {
      picture.setAttribute("viewBox", `0 0 480 ${height}`);
      const wide = 480 - margin.left - margin.right, high = height - margin.top - margin.bottom;
      plot.x = across => margin.left + (wide * (across - x[0])) / (x[1] - x[0]);
      plot.y = up => margin.top + (high * (y[1] - up)) / (y[1] - y[0]);
    },
    line(xs, ys, style = {}) {
      const points = xs.map((x, i) => `${plot.x(x)},${plot.y(ys[i])}`).join(" ");
      plot.add("polyline", {points, fill: "none", stroke: "currentColor", ...style});
    },
    // Words at a place in data, moved by (dx, dy) units.
    text(x, y, content, {dx = 0, dy = 0, ...style} = {}) {
      plot.add("text", {x: plot.x(x) + dx, y: plot.y(y) + dy, ...style}, content);
    },
  };

  const at = {}, value = {};
  let state;
  const show = () => {
    picture.replaceChildren();
    words.textContent = page.draw(plot, at, value, spec.data, state);
  };
  for (const {name, label, values, start} of spec.controls) {
    at[name] = start;
    const line = add(controls, "label");
    add(line, "span", {}, label);
    const slides = typeof values[0] === "number";
    const range = {type: "range", min: 0, max: values.length - 1, value: start};
    const control = slides ? add(line, "input", range) : add(line, "select");
    const shown = slides && add(line, "b", {"aria-hidden": "true"});
    if (!slides) values.forEach((word, i) => add(control, "option", {value: i}, word));
    const choose = () => {
      at[name] = Number(control.value);
      value[name] = values[at[name]];
      if (!slides) return;
      shown.textContent = value[name];
      control.setAttribute("aria-valuetext", value[name]);
    };
    control.value = start;
    choose();
    control.addEventListener("input", () => { choose(); show(); });
  }

  const pressed = key => page.press(key, state, spec.data) && (show(), true);
  if (buttons.length) {
    const bar = add(controls, "div", {id: "buttons"});
    for (const [label, key] of buttons)
      add(bar, "button", {type: "button"}, label).addEventListener("click", () => pressed(key));
  }
  if (page.press) picture.addEventListener("keydown", event => {
    const held = event.ctrlKey || event.metaKey || event.altKey;
    if (!held && pressed(event.key)) event.preventDefault();
  });
  const point = (event, kind) => {
    const box = picture.getBoundingClientRect(), scale = 480 / box.width;
    const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    if (page.touch(x, y, kind, state, spec.data)) show();
  };
  if (page.touch) {
    picture.addEventListener("pointerdown", event => {
      picture.setPointerCapture(event.pointerId);  // what is under it is drawn anew
      point(event, "down");
    });
    picture.addEventListener("pointermove", event =>
      point(event, event.buttons ? "drag" : "hover"));
  }
  state = page.start?.(spec.data, {add, controls, show});
  show();
}
