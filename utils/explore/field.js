// What the unit in the middle sees of the input: the more paths lead to it, the darker.
(plot, at, value, data) => {
  const paths = data.paths[at.kernel][at.depth], field = paths.length;
  const size = data.size, first = (size - field) / 2, most = Math.max(...paths);
  plot.window([0, size], [0, size], 340, {left: 74, right: 74, top: 4, bottom: 4});
  const side = plot.x(1) - plot.x(0);
  plot.add("rect", {
    x: plot.x(0), y: plot.y(size), width: size * side, height: size * side,
    fill: "none", stroke: "currentColor", "stroke-opacity": 0.5,
  });
  paths.forEach((down, row) => paths.forEach((across, column) => plot.add("rect", {
    x: plot.x(first + column), y: plot.y(size - first - row), width: side, height: side,
    fill: "currentColor", "fill-opacity": (down * across) ** 0.5 / most,
  })));
  return `${value.depth} 層 ${value.kernel}×${value.kernel}：看得到 ${field}×${field}（外框是 ${size}×${size} 像素），` +
    `權重 ${data.weights[at.kernel][at.depth]}C²`;
}
