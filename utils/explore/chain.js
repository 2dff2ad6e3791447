// What is left of a gradient after each layer: each multiplies it by its weight and by the slope
// of its activation.
(plot, at, value, data) => {
  const sigmoid = z => 1 / (1 + Math.exp(-z));
  const [f, derivative] = {
    sigmoid: [sigmoid, z => sigmoid(z) * (1 - sigmoid(z))],
    tanh: [Math.tanh, z => 1 - Math.tanh(z) ** 2],
    ReLU: [z => Math.max(z, 0), z => (z > 0 ? 1 : 0)],
    "Leaky ReLU": [z => Math.max(z, 0.1 * z), z => (z > 0 ? 1 : 0.1)],
    ELU: [z => (z > 0 ? z : Math.exp(z) - 1), z => (z > 0 ? 1 : Math.exp(z))],
  }[value.name];
  const {z, w, depth} = value, slope = derivative(z), factor = w * slope;
  const grey = {"stroke-opacity": 0.4}, orange = "#d9730d", height = 440;
  const small = {"font-size": "0.88em"};
  const number = x => x !== 0 && (Math.abs(x) < 0.001 || Math.abs(x) >= 10000)
    ? x.toExponential(1).replace("-", "−").replace("+", "") : String(Number(x.toPrecision(3))).replace("-", "−");

  // The activation, and its slope at z.
  plot.window([-5, 5], [-1.3, 2], height, {left: 30, right: 250, top: 30, bottom: 280});
  plot.text(0, 2, `${value.name} 與 z 的切線`, {dy: -10});
  plot.line([-5, 5], [0, 0], grey);
  plot.line([0, 0], [-1.3, 2], grey);
  for (const tick of [-4, 4]) plot.text(tick, -1.3, tick, {dy: 14, ...small});
  for (const tick of [-1, 1]) plot.text(-5, tick, tick, {dx: -12, dy: 5, ...small});
  const within = (function_of, style) => {
    const xs = Array.from({length: 201}, (_, i) => i / 20 - 5);
    const inside = xs.filter(x => function_of(x) >= -1.3 && function_of(x) <= 2);
    plot.line(inside, inside.map(function_of), style);
  };
  within(f, {"stroke-width": 2.5});
  within(x => f(z) + slope * (x - z), {"stroke-dasharray": "7 5"});
  plot.add("circle", {cx: plot.x(z), cy: plot.y(f(z)), r: 5, fill: orange});

  // The two factors of a layer and their product, by how far they are from 1.
  const [low, high] = [-2, 1];
  plot.window([low, high], [0, 3], height, {left: 346, right: 16, top: 30, bottom: 280});
  plot.text((low + high) / 2, 3, "一層乘上多少", {dy: -10});
  plot.line([0, 0], [0, 3], {});
  for (const power of [-2, 0, 1]) {
    plot.line([power, power], [0, 3], grey);
    plot.text(power, 0, 10 ** power, {dy: 16, ...small});
  }
  [["w", w], ["σ′", slope], ["w·σ′", factor]].forEach(([name, size], i) => {
    const end = size > 0 ? Math.max(low, Math.min(high, Math.log10(size))) : low;
    const from = plot.x(Math.min(0, end)), to = plot.x(Math.max(0, end));
    plot.add("rect", {
      x: from, width: Math.max(to - from, 2), y: plot.y(2.8 - i), height: plot.y(0) - plot.y(0.6),
      fill: i === 2 ? orange : "currentColor", "fill-opacity": i === 2 ? 1 : 0.45,
    });
    plot.text(low, 2.5 - i, `${name} ${number(size)}`, {dx: -6, dy: 6, "text-anchor": "end", ...small});
  });

  // What is left after each layer.
  const [bottom, top] = [-20, 10];
  plot.window([0, data.depths], [bottom, top], height, {left: 52, right: 16, top: 208, bottom: 46});
  plot.text(data.depths / 2, top, "往回傳幾層之後，梯度剩多少（對數刻度）", {dy: -10});
  for (const power of [-20, -10, 0, 10]) {
    plot.line([0, data.depths], [power, power], power ? grey : {});
    plot.text(0, power, power ? `10${[..."" + power].map(digit => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit] ?? "⁻").join("")}` : 1,
      {dx: -8, dy: 5, "text-anchor": "end", ...small});
  }
  for (let layer = 0; layer <= data.depths; layer += 10)
    plot.text(layer, bottom, layer, {dy: 18, ...small});
  plot.text(data.depths / 2, bottom, "層", {dy: 36, ...small});
  const after = Array.from({length: depth + 1}, (_, layer) => layer * Math.log10(factor));
  const shown = after.filter(power => power >= bottom && power <= top);
  plot.line(shown.map((_, layer) => layer), shown, {stroke: orange, "stroke-width": 2});
  shown.forEach((power, layer) => plot.add("circle", {
    cx: plot.x(layer), cy: plot.y(power), r: layer === depth ? 6 : 3, fill: orange,
  }));
  if (shown.length <= depth) {
    const off = factor > 1 ? top : bottom;
    plot.text(shown.length - 1, off, factor > 1 ? "↑" : "↓", {dx: 10, dy: factor > 1 ? 18 : -6});
  }

  const left = factor ** depth;
  const verdict = left === 0 && slope === 0 ? "一層就剛好是 0：這個單元死了"
    : left < 0.01 ? "消失" : left > 100 ? "爆炸" : "剛好";
  return `每層乘 w·σ′ = ${number(w)} × ${number(slope)} = ${number(factor)}；` +
    `${depth} 層之後剩 ${number(left)}：${verdict}`;
}
