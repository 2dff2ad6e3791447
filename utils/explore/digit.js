// A digit that the reader draws passes LeNet-5 (LeCun et al. 1998, section II.B) to its penalties.
({
  hint: "在畫板上：按著拖曳就能畫；或用方向鍵移動筆，空白鍵放下或提起，Delete 清除，0 到 9 換成範例。",
  buttons: [..."0123456789"].map(key => [key, key]).concat([["清除", "Delete"]]),

  start(data) {
    const bytes = Uint8Array.from(atob(data.weights), letter => letter.charCodeAt(0));
    const halves = new DataView(bytes.buffer);
    const whole = half => {
      const sign = half >> 15 ? -1 : 1, exponent = (half >> 10) & 31, rest = half & 1023;
      return sign * (exponent ? 2 ** (exponent - 15) * (1 + rest / 1024) : 2 ** -14 * (rest / 1024));
    };
    let place = 0;
    const take = count => Float64Array.from({length: count}, () =>
      whole(halves.getUint16(2 * place++, true)));
    const layer = (inputs, outputs) => ({kernel: take(inputs * outputs), bias: take(outputs)});
    const network = {
      C1: layer(25, 6),
      S2: {coefficient: take(6), bias: take(6)},
      C3: data.table.map(seen => layer(25 * seen.length, 1)),
      S4: {coefficient: take(16), bias: take(16)},
      C5: layer(25 * 16, 120),
      F6: layer(120, 84),
      prototypes: Array.from({length: 10}, () => take(84)),
    };
    const ink = new Float64Array(32 * 32);
    const state = {network, ink, pen: {row: 8, column: 16, down: false, keys: false}};
    this.load(state, data.samples[data.start]);
    return state;
  },

  // A sample is 28 × 28, a letter of 0…f a pixel; two pixels more on every side, as in the paper.
  load({ink, pen}, sample) {
    ink.fill(0);
    [...(sample ?? "")].forEach((level, i) => {
      ink[(2 + Math.floor(i / 28)) * 32 + 2 + (i % 28)] = parseInt(level, 16) / 15;
    });
    pen.down = pen.keys = false;
  },

  // A stroke of the pen, about as wide as those of MNIST.
  stroke({ink, pen}, row, column, draws) {
    const steps = Math.ceil(2 * Math.max(Math.abs(row - pen.row), Math.abs(column - pen.column), 0.5));
    for (let step = draws ? 0 : steps + 1; step <= steps; step++) {
      const [y, x] = [pen.row + ((row - pen.row) * step) / steps, pen.column + ((column - pen.column) * step) / steps];
      for (let i = Math.floor(y) - 2; i <= y + 2; i++) for (let j = Math.floor(x) - 2; j <= x + 2; j++) {
        if (i < 0 || j < 0 || i > 31 || j > 31) continue;
        const level = Math.min(Math.max(1.75 - Math.hypot(i + 0.5 - y, j + 0.5 - x), 0), 1);
        ink[i * 32 + j] = Math.max(ink[i * 32 + j], level);
      }
    }
    Object.assign(pen, {row, column});
  },

  press(key, state, data) {
    const {pen} = state;
    const move = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[key];
    const within = part => Math.min(Math.max(part, 1), 31);
    if (move) {
      pen.keys = true;
      this.stroke(state, within(Math.round(pen.row + move[0])), within(Math.round(pen.column + move[1])), pen.down);
    } else if (key === " ") {
      pen.keys = true;
      pen.down = !pen.down;
      this.stroke(state, pen.row, pen.column, pen.down);
    } else if (key === "Delete" || key === "Backspace") this.load(state);
    else if (/^\d$/.test(key)) this.load(state, data.samples[key]);
    else return false;
    return true;
  },

  touch(x, y, kind, state) {
    const {left, top, side} = this.pad, row = (32 * (y - top)) / side, column = (32 * (x - left)) / side;
    const inside = row >= 0 && column >= 0 && row < 32 && column < 32;
    if (kind === "hover" || (kind === "drag" && !state.drawing)) return false;
    if (kind === "down") {
      state.drawing = inside;
      if (inside) Object.assign(state.pen, {row, column, down: false, keys: false});
    }
    if (state.drawing) this.stroke(state, row, column, true);
    return state.drawing;
  },
  pad: {left: 8, top: 28, side: 200},

  // All maps are stored as Keras has them: row, column, channel.
  forward({C1, S2, C3, S4, C5, F6, prototypes}, ink) {
    const squash = x => 1.7159 * Math.tanh((2 / 3) * x);
    const convolve = (x, size, channels, seen, {kernel, bias}) => {
      const wide = size - 4, maps = bias.length, found = new Float64Array(wide * wide * maps);
      for (let i = 0; i < wide; i++) for (let j = 0; j < wide; j++) for (let map = 0; map < maps; map++) {
        let sum = bias[map], weight = map;
        for (let m = 0; m < 5; m++) for (let n = 0; n < 5; n++) for (const channel of seen) {
          sum += x[((i + m) * size + j + n) * channels + channel] * kernel[weight];
          weight += maps;
        }
        found[(i * wide + j) * maps + map] = squash(sum);
      }
      return found;
    };
    const subsample = (x, size, channels, {coefficient, bias}) => {
      const half = size / 2, found = new Float64Array(half * half * channels);
      for (let i = 0; i < half; i++) for (let j = 0; j < half; j++) for (let c = 0; c < channels; c++) {
        const at = (m, n) => x[((2 * i + m) * size + 2 * j + n) * channels + c];
        const four = at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1);
        found[(i * half + j) * channels + c] = squash(coefficient[c] * four + bias[c]);
      }
      return found;
    };
    const all = count => [...Array(count).keys()];
    const c1 = convolve(ink.map(level => 1.275 * level - 0.1), 32, 1, [0], C1);
    const s2 = subsample(c1, 28, 6, S2);
    const each = C3.map((part, map) => convolve(s2, 14, 6, this.table[map], part));
    const c3 = Float64Array.from({length: 1600}, (_, i) => each[i % 16][Math.floor(i / 16)]);
    const s4 = subsample(c3, 10, 16, S4);
    const c5 = convolve(s4, 5, 16, all(16), C5);
    const f6 = F6.bias.map((bias, unit) =>
      squash(all(120).reduce((sum, i) => sum + c5[i] * F6.kernel[i * 84 + unit], bias)));
    const penalties = prototypes.map(prototype =>
      prototype.reduce((sum, pixel, i) => sum + (f6[i] - pixel) ** 2, 0));
    return {c1, s2, c3, s4, c5, f6, penalties};
  },

  // Maps side by side as one small picture: -1.7 white, 1.7 black; a transparent gap between them.
  tiles(values, rows, columns, maps, across) {
    const canvas = document.createElement("canvas"), gap = maps > 1 ? Math.ceil(rows / 14) : 0;
    canvas.width = across * (columns + gap) - gap;
    canvas.height = Math.ceil(maps / across) * (rows + gap) - gap;
    const pen = canvas.getContext("2d"), picture = pen.createImageData(canvas.width, canvas.height);
    values.forEach((value, i) => {
      const map = i % maps, pixel = Math.floor(i / maps);
      const y = Math.floor(map / across) * (rows + gap) + Math.floor(pixel / columns);
      const x = (map % across) * (columns + gap) + (pixel % columns);
      const grey = 255 * (0.5 - value / 3.4318);
      picture.data.set([grey, grey, grey, 255], 4 * (y * canvas.width + x));
    });
    pen.putImageData(picture, 0, 0);
    return {href: canvas.toDataURL(), ratio: canvas.height / canvas.width};
  },

  draw(plot, at, value, data, state) {
    this.table = data.table;
    const {network, ink, pen} = state, {j} = value, found = this.forward(network, ink);
    const {penalties} = found, order = penalties.map((_, digit) => digit).sort((a, b) => penalties[a] - penalties[b]);
    const [best, second] = order, none = penalties[best] > j;
    const least = Math.min(j, penalties[best]);  // so that nothing is too small to be divided by
    const shares = penalties.reduce((sum, penalty) => sum + Math.exp(least - penalty), 0);
    const nobody = Math.exp(least - j) / (shares + Math.exp(least - j));

    plot.window([0, 480], [790, 0], 790, {left: 0, right: 0, top: 0, bottom: 0});
    const words = (x, y, content, style = {}) => plot.text(x, y, content, {"text-anchor": "start", ...style});
    const show = (x, y, width, tiles, style = "") => {
      const place = {x, y, width, height: width * tiles.ratio};
      plot.add("image", {href: tiles.href, ...place, style: `image-rendering:pixelated;${style}`});
      return place;
    };
    const frame = place => plot.add("rect", {...place, fill: "none", stroke: "currentColor", "stroke-opacity": 0.5});
    const {left, top, side} = this.pad;
    words(left, 20, "畫板 32×32");
    frame(show(left, top, side, this.tiles(ink.map(level => 3.4318 * (level - 0.5)), 32, 32, 1, 1), "touch-action:none;cursor:crosshair"));
    if (pen.keys) {
      const [x, y] = [left + (pen.column * side) / 32, top + (pen.row * side) / 32];
      for (const [dx, dy] of [[9, 0], [0, 9]])
        plot.add("line", {x1: x - dx, x2: x + dx, y1: y - dy, y2: y + dy, stroke: "#d9730d", "stroke-width": pen.down ? 4 : 2});
    }

    words(226, 20, none ? "都不像" : `像 ${best}`, {"font-weight": 600});
    words(474, 20, "懲罰（愈小愈像）", {"text-anchor": "end", "font-size": 15});
    const most = Math.max(...penalties, j);
    [...penalties, j].forEach((penalty, row) => {
      const y = top + row * 18.4, wins = none ? row === 10 : row === best;
      words(254, y + 15, row < 10 ? row : "都不像", {"text-anchor": "end", "font-size": 15});
      plot.add("rect", {x: 262, y: y + 3, width: 1 + (140 * penalty) / most, height: 12, fill: wins ? "#d9730d" : "currentColor", "fill-opacity": wins ? 1 : 0.5});
      words(474, y + 15, `${wins ? "◀ " : ""}${penalty.toFixed(2)}`, {"text-anchor": "end", "font-size": 15});
    });
    const limit = 262 + (140 * j) / most;
    plot.add("line", {x1: limit, x2: limit, y1: top, y2: top + 202, stroke: "currentColor", "stroke-dasharray": "4 3"});

    const rows = [
      ["C1 卷積：6 張 28×28", 262, 464, found.c1, 28, 6, 6],
      ["S2 子取樣：6 張 14×14", 374, 250, found.s2, 14, 6, 6],
      ["C3 卷積：16 張 10×10", 450, 464, found.c3, 10, 16, 8],
      ["S4：16 張 5×5", 602, 200, found.s4, 5, 16, 8],
    ];
    for (const [name, y, width, maps, size, count, across] of rows) {
      words(8, y - 8, name);
      show(8, y, width, this.tiles(maps, size, size, count, across));
    }
    words(8, 684, "C5：120 個");
    show(8, 692, 200, this.tiles(found.c5, 6, 20, 1, 1));
    words(250, 594, "F6：84 個");
    show(250, 602, 91, this.tiles(found.f6, 12, 7, 1, 1));
    words(374, 594, `${best} 的樣板`);
    show(374, 602, 91, this.tiles(network.prototypes[best], 12, 7, 1, 1));
    words(250, 780, `距離平方 ${penalties[best].toFixed(2)}`);

    const held = pen.keys ? `筆${pen.down ? "放下" : "提起"}，在第 ${pen.row} 列第 ${pen.column} 行。` : "";
    return `${held}${best} 的懲罰最小：${penalties[best].toFixed(2)}，其次是 ${second}：${penalties[second].toFixed(2)}。` +
      `j = ${j}，「都不像」的機率 ${(100 * nobody).toFixed(1)}%，判定：${none ? "都不像" : best}`;
  },
})
