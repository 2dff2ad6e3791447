// A curve with its tangent at x, and below it what is left of a gradient after each layer.
(plot, at, value, data) => {
  const curve = data.curves[value.name], x = value.x, slope = data.slopes[value.name][at.x];
  const [low, high] = [data.x[0], data.x.at(-1)], [bottom, top] = [-1.6, 2.6];
  plot.window([low, high], [bottom, top], 330, {left: 30, right: 16, top: 6, bottom: 86});
  const grey = {"stroke-opacity": 0.4};
  plot.line([low, high], [0, 0], grey);
  plot.line([0, 0], [bottom, top], grey);
  for (const tick of [-4, -2, 2, 4]) plot.text(tick, bottom, tick, {dy: 18});
  for (const tick of [-1, 1, 2]) plot.text(low, tick, tick, {dx: -14, dy: 5});
  plot.text(high, bottom, "x", {dy: 18});
  const within = (ys, style) => {
    const inside = ys.flatMap((y, i) => (y < bottom || y > top ? [] : [i]));
    plot.line(inside.map(i => data.x[i]), inside.map(i => ys[i]), style);
  };
  within(curve, {"stroke-width": 2.5});
  within(data.x.map(other => curve[at.x] + slope * (other - x)), {"stroke-dasharray": "7 5"});
  const dot = (cx, cy, r) => plot.add("circle", {cx, cy, r, fill: "currentColor"});
  dot(plot.x(x), plot.y(curve[at.x]), 5);

  const smallest = -20;  // the scale's end, a power of ten
  plot.window([smallest, 0], [0, 1], 330, {left: 30, right: 16, top: 290, bottom: 24});
  plot.line([smallest, 0], [0, 0], grey);
  for (const power of [-20, -15, -10, -5, 0]) plot.text(power, 0, power ? `1e${power}` : 1, {dy: 20});
  const step = Math.log10(Math.abs(slope));
  for (let layer = 1; layer <= value.depth && layer * step >= smallest; layer++)
    dot(plot.x(layer * step), plot.y(0), layer === value.depth ? 6 : 3);
  const left = slope ** value.depth;
  const tiny = left !== 0 && Math.abs(left) < 0.001;
  return `x = ${x}：導數（虛線的斜率）${slope.toFixed(3)}；` +
    `${value.depth} 層連乘剩 ${tiny ? left.toExponential(1) : Number(left.toPrecision(3))}` +
    `（下面一層一點，最大的是最後一層）`;
}
