// A network from left to right: a box as high as its map and as wide as its channels, and below it
// its share of the parameters and of the MACs.
({
  hint: "在圖上：← → 一層一層走，Home、End 到頭尾；或把游標移到一層上。",
  buttons: [["← 上一層", "ArrowLeft"], ["下一層 →", "ArrowRight"]],
  start: () => ({box: 0}),

  press(key, state, data) {
    const last = data.boxes.length - 1;
    const place = {
      ArrowLeft: state.box - 1, ArrowUp: state.box - 1,
      ArrowRight: state.box + 1, ArrowDown: state.box + 1, Home: 0, End: last,
    }[key];
    if (place !== undefined) state.box = Math.min(Math.max(place, 0), last);
    return place !== undefined;
  },

  touch(x, y, kind, state, data) {
    const found = Math.floor(((x - 8) / 464) * data.boxes.length);
    if (found === state.box || !data.boxes[found]) return false;
    state.box = found;
    return true;
  },

  draw(plot, at, value, data, state) {
    const {boxes} = data, slot = 464 / boxes.length;
    const size = ({shape}) => (shape.length > 1 ? shape[0] : 1), wide = ({shape}) => shape.at(-1) || 1;
    const [highest, widest] = [size, wide].map(of => Math.max(...boxes.map(of)));
    plot.window([0, boxes.length], [0, 1], 404);
    plot.add("rect", {x: 8 + state.box * slot, y: 4, width: slot, height: 364, fill: "#d9730d", "fill-opacity": 0.25});
    const look = {
      convolution: {fill: "#3b78c2"},
      block: {fill: "#3b78c2", "fill-opacity": 0.35},
      pooling: {fill: "none", "stroke-dasharray": "3 2"},
      dense: {fill: "currentColor"},
      other: {fill: "none"},
    };
    const box = (x, y, width, height, style) =>
      plot.add("rect", {x, y, width, height, stroke: "currentColor", "stroke-width": 1, ...style});
    boxes.forEach((each, i) => {
      const tall = 6 + 144 * Math.sqrt(size(each) / highest);
      const width = slot * (0.2 + 0.7 * Math.log2(1 + wide(each)) / Math.log2(1 + widest));
      box(8 + (i + 0.5) * slot - width / 2, 84 - tall / 2, width, tall, look[each.look]);
    });
    const total = {};
    [["params", "參數", 264], ["macs", "MACs", 366]].forEach(([name, words, floor]) => {
      const counts = boxes.map(each => each[name] ?? 0), most = Math.max(...counts) || 1;
      total[name] = counts.reduce((a, b) => a + b, 0);
      plot.add("text", {x: 8, y: floor - 74, "text-anchor": "start"}, `${words} ${total[name].toLocaleString("en")}`);
      counts.forEach((count, i) => {
        const high = (66 * count) / most;
        plot.add("rect", {x: 8 + (i + 0.15) * slot, y: floor - high, width: 0.7 * slot, height: high, fill: "currentColor", "fill-opacity": i === state.box ? 1 : 0.6});
      });
      plot.add("line", {x1: 8, x2: 472, y1: floor, y2: floor, stroke: "currentColor", "stroke-opacity": 0.5});
    });
    const names = {convolution: "卷積", block: "並行的區塊", pooling: "池化", dense: "全連接", other: "其他"};
    let x = 8;
    for (const kind of Object.keys(names).filter(kind => boxes.some(each => each.look === kind))) {
      box(x, 383, 14, 14, look[kind]);
      plot.add("text", {x: x + 19, y: 396, "text-anchor": "start", "font-size": 16}, names[kind]);
      x += 36 + 16 * names[kind].length;
    }

    const joined = sizes => [].concat(sizes).join("×");
    const share = (part, whole) => {
      const percent = (100 * part) / (whole || 1);
      return percent > 0 && percent < 0.01 ? "不到 0.01%" : `${Number(percent.toPrecision(2))}%`;
    };
    const prefixed = count => {
      const unit = ["", " k", " M", " G", " T"], power = Math.min(Math.floor(Math.log10(count || 1) / 3), 4);
      return power ? `${Number((count / 1000 ** power).toPrecision(3))}${unit[power]}` : `${count}`;
    };
    const {name, kind, shape, kernel, strides, params, macs, field, inner} = boxes[state.box];
    const window = kernel ? ` ${joined(kernel)}${strides ? `／${[...new Set([].concat(strides))].join("×")}` : ""}` : "";
    const what = name ? `${name}（${kind}${window}）` : kind + window;
    return `${state.box + 1}／${boxes.length} ${what}：輸出 ${joined(shape)}；` +
      `參數 ${params.toLocaleString("en")}（${share(params, total.params)}）；` +
      `MACs ${macs === null ? "數不到" : `${prefixed(macs)}（${share(macs, total.macs)}）`}` +
      `${field ? `；感受野 ${joined([].concat(field).every((one, _, all) => one === all[0]) ? [].concat(field)[0] : field)}` : ""}` +
      `${inner ? `；${inner}` : ""}`;
  },
})
