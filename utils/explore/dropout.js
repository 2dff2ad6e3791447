// A network as dropout leaves it: units that are off are crossed and have no connections.
(plot, at, value, data) => {
  const kept = data.kept[at.rate][at.throw];
  const widest = Math.max(...kept.map(layer => layer.length));
  plot.window([-widest / 2, widest / 2], [-0.3, kept.length - 0.7], 330);
  const place = (level, unit) =>
    [plot.x(unit - (kept[level].length - 1) / 2), plot.y(level)];
  const on = kept.map(layer => [...layer].flatMap((state, unit) => (state === "1" ? [unit] : [])));
  const line = ([x1, y1], [x2, y2], width) =>
    plot.add("line", {x1, y1, x2, y2, stroke: "currentColor", "stroke-width": width});
  for (let level = 0; level + 1 < kept.length; level++)
    for (const below of on[level])
      for (const above of on[level + 1]) line(place(level, below), place(level + 1, above), 0.6);
  kept.forEach((layer, level) => [...layer].forEach((state, unit) => {
    const [cx, cy] = place(level, unit);
    plot.add("circle", {cx, cy, r: 15, fill: "Canvas", stroke: "currentColor"});
    if (state === "1") return plot.add("circle", {cx, cy, r: 9, fill: "currentColor"});
    line([cx - 7, cy - 7], [cx + 7, cy + 7], 1.5);
    line([cx - 7, cy + 7], [cx + 7, cy - 7], 1.5);
  }));
  const hidden = kept.slice(0, -1).join("");
  const count = hidden.replaceAll("0", "").length;
  return `下面三層留下 ${count}／${hidden.length} 個（●），關掉的打叉；` +
    `每個留下來的乘上 1 ÷ (1 − ${value.rate}) = ${data.scales[at.rate].toFixed(2)}`;
}
