// An image, and how far from each template it is; the nearest k are dark and numbered.
(plot, at, value, data) => {
  const distances = data.distances[at.image], k = value.k;
  const near = data.nearest[at.image].slice(0, k), answer = data.answers[at.image];
  const hit = near.includes(answer);
  const wide = data.pixels[at.image].length ** 0.5;
  plot.window([0, wide], [0, wide], 240, {left: 4, right: 366, top: 50, bottom: 80});
  [...data.pixels[at.image]].forEach((level, i) => plot.add("rect", {
    x: plot.x(i % wide), y: plot.y(wide - Math.floor(i / wide)), width: 4, height: 4,
    fill: "currentColor", "fill-opacity": level / 9,
  }));
  plot.text(wide / 2, 0, `答案 ${answer}`, {dy: 24});
  plot.window([-0.6, 9.6], [0, Math.max(...distances)], 240, {left: 130, right: 4, top: 24, bottom: 46});
  distances.forEach((distance, digit) => {
    const rank = near.indexOf(digit);
    plot.add("rect", {
      x: plot.x(digit - 0.4), width: plot.x(0.4) - plot.x(-0.4),
      y: plot.y(distance), height: plot.y(0) - plot.y(distance),
      fill: "currentColor", "fill-opacity": rank < 0 ? 0.12 : 0.7,
      stroke: "currentColor", "stroke-width": digit === answer ? 3 : 0.5,
    });
    if (rank >= 0) plot.text(digit, distance, rank + 1, {dy: -6});
    plot.text(digit, 0, digit, {dy: 18});
  });
  plot.text(4.5, 0, "樣板（粗框是答案）；高度是距離", {dy: 38});
  return `最近的 ${k} 個樣板：${near.join("、")}。答案 ${answer} ` +
    (hit ? `在裡面，Top-${k} 算對。` : `不在裡面，Top-${k} 算錯。`);
}
