// On a photograph, what the unit in the middle sees after each layer; below it, how many paths lead
// from each column of pixels to that unit.
(plot, at, value, data) => {
  const {kernel, depth} = value, size = data.size, height = 430;
  const layers = [];
  for (let layer = 1; layer <= depth; layer++) {
    layers.push([kernel, 1]);
    if (at.pooling && layer % 2 === 0) layers.push([2, 2]);
  }
  let field = 1, jump = 1;
  const boxes = layers.map(([window, stride]) => {
    field += (window - 1) * jump;
    jump *= stride;
    return {field, pooled: stride > 1};
  });
  // Back from the unit to the input, along one axis; down and across multiply.
  let paths = [1];
  for (const [window, stride] of layers.toReversed()) {
    const wider = Array((paths.length - 1) * stride + window).fill(0);
    paths.forEach((count, i) => {
      for (let offset = 0; offset < window; offset++) wider[i * stride + offset] += count;
    });
    paths = wider;
  }

  plot.window([0, size], [0, size], height, {left: 80, right: 80, top: 4, bottom: 106});
  const [left, top, side] = [plot.x(0), plot.y(size), plot.x(1) - plot.x(0)];
  plot.add("image", {href: data.photo, x: left, y: top, width: size * side, height: size * side});
  const frame = (field, style) => {
    const seen = Math.min(field, size), first = (size - seen) / 2;
    plot.add("rect", {
      x: left + first * side, y: top + first * side, width: seen * side, height: seen * side,
      fill: "none", ...style,
    });
  };
  boxes.forEach(({field, pooled}, layer) => {
    const last = layer === boxes.length - 1, dashes = pooled ? {"stroke-dasharray": "5 4"} : {};
    frame(field, {stroke: "#000", "stroke-width": last ? 6 : 3.5, "stroke-opacity": 0.6});
    frame(field, {stroke: last ? "#ffb35c" : "#fff", "stroke-width": last ? 4 : 1.5, ...dashes});
  });

  const most = Math.max(...paths), shown = Math.min(paths.length, size);
  const cut = (paths.length - shown) / 2, first = (size - shown) / 2;
  const bars = paths.slice(Math.floor(cut), Math.floor(cut) + shown);
  plot.window([0, size], [0, 1], height, {left: 80, right: 80, top: 330, bottom: 30});
  plot.line([0, size], [0, 0], {"stroke-opacity": 0.4});
  const steps = bars.flatMap((count, i) =>
    [first + i, first + i + 1].map(x => `${plot.x(x)},${plot.y(count / most)}`));
  const floor = [first + shown, first].map(x => `${plot.x(x)},${plot.y(0)}`);
  plot.add("polygon", {points: [...steps, ...floor].join(" "), fill: "#d9730d"});
  plot.text(size / 2, 0, "每一行像素有幾條路（和最多的比）", {dy: 22, "font-size": "0.9em"});

  const weights = depth * kernel ** 2, whole = field ** 2;
  const count = most ** 2 < 1e6 ? (most ** 2).toLocaleString("en") : (most ** 2).toExponential(1).replace("+", "");
  return `${depth} 層 ${kernel}×${kernel}${at.pooling ? "，每兩層池化一次" : ""}：看得到 ${field}×${field}` +
    `${field > size ? `（比照片的 ${size}×${size} 還大）` : ""}，權重 ${weights}C²` +
    `${field > kernel && !at.pooling ? `（一層 ${field}×${field} 要 ${whole}C²）` : ""}；` +
    `最多的像素有 ${count} 條路通到這個單元`;
}
