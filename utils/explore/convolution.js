// A window steps over a small picture: what it covers, times the kernel, summed, is one number of
// the output.
({
  hint: "在圖上：方向鍵移動小窗，空白鍵走到下一格，End 走完，Home 重來；也可以點一格。",
  buttons: [["下一格", " "], ["走完", "End"], ["重來", "Home"]],

  // The reader's own kernel is typed into a grid of numbers, which shows while it is chosen.
  start(data, {add, controls, show}) {
    const state = {grid: add(controls, "div", {id: "own", role: "group", "aria-label": "自訂的卷積核"})};
    const own = data.kernels.at(-1).weights;
    state.grid.style.setProperty("--columns", own.length);
    own.forEach((row, i) => row.forEach((weight, j) => {
      const label = `第 ${i + 1} 列第 ${j + 1} 行`;
      const cell = add(state.grid, "input", {type: "number", step: "any", value: weight, "aria-label": label});
      cell.addEventListener("input", () => { row[j] = Number(cell.value) || 0; show(); });
    }));
    return state;
  },

  press(key, state) {
    const {rows, columns} = state, last = rows * columns - 1;
    const move = {
      ArrowLeft: () => [state.i, Math.max(state.j - 1, 0)],
      ArrowRight: () => [state.i, Math.min(state.j + 1, columns - 1)],
      ArrowUp: () => [Math.max(state.i - 1, 0), state.j],
      ArrowDown: () => [Math.min(state.i + 1, rows - 1), state.j],
      " ": () => {
        const next = Math.min(state.i * columns + state.j + 1, last);
        return [Math.floor(next / columns), next % columns];
      },
      End: () => {
        for (let cell = 0; cell <= last; cell++) state.done.add(cell);
        return [rows - 1, columns - 1];
      },
      Home: () => { state.done.clear(); return [0, 0]; },
    }[key];
    if (move) [state.i, state.j] = move();
    return Boolean(move);
  },

  touch(x, y, kind, state) {
    if (kind === "hover") return false;
    const {left, top, side} = state.output;
    const [i, j] = [Math.floor((y - top) / side), Math.floor((x - left) / side)];
    const {left: from, top: above, side: wide, stride, size} = state.input;
    const place = [y - above, x - from].map(part => Math.floor(part / wide));
    const inside = (i, j) => i >= 0 && j >= 0 && i < state.rows && j < state.columns;
    // In the input, the window comes to lie with its middle on the cell.
    const near = place.map((part, axis) => Math.min(
      Math.max(Math.round((part - (size - 1) / 2) / stride), 0),
      [state.rows, state.columns][axis] - 1));
    const found = inside(i, j) ? [i, j] : place.every((part, axis) =>
      part >= 0 && part < state.input.cells[axis]) ? near : null;
    if (found) [state.i, state.j] = found;
    return Boolean(found);
  },

  draw(plot, at, value, data, state) {
    const {weights, divisor} = data.kernels[at.kernel], size = weights.length;
    const stride = value.stride, padding = value.padding;
    state.grid.hidden = at.kernel !== data.kernels.length - 1;
    const [high, wide] = [data.image.length, data.image[0].length];
    const [down, across] = [high + 2 * padding, wide + 2 * padding];
    const pixel = (i, j) => data.image[i - padding]?.[j - padding] ?? 0;
    const rows = Math.floor((down - size) / stride) + 1;
    const columns = Math.floor((across - size) / stride) + 1;
    const chosen = [at.kernel, stride, padding].join();
    if (state.chosen !== chosen) Object.assign(state, {chosen, i: 0, j: 0, done: new Set()});
    Object.assign(state, {rows, columns});
    state.done.add(state.i * columns + state.j);

    const number = x => String(Number(x.toFixed(2))).replace("-", "−");
    const covered = (i, j) => weights.map((row, m) =>
      row.map((_, n) => pixel(i * stride + m, j * stride + n)));
    const times = (i, j) => covered(i, j).map((row, m) => row.map((x, n) => x * weights[m][n]));
    const sum = (i, j) => times(i, j).flat().reduce((a, b) => a + b, 0) / divisor;

    const tall = 214, room = 40 + tall;  // the two grids, below their names
    plot.window([0, 480], [470, 0], 470, {left: 0, right: 0, top: 0, bottom: 0});
    const box = (x, y, width, height, style) => plot.add("rect", {x, y, width, height, ...style});
    const thin = {fill: "none", stroke: "currentColor", "stroke-opacity": 0.35, "stroke-width": 0.7};
    const frame = {fill: "none", stroke: "#d9730d", "stroke-width": 3};

    const side = Math.min(tall / down, 222 / across);
    const left = 8, top = 32, most = data.most;
    plot.text(left, 20, `輸入 ${high}×${wide}${padding ? "，外圈補 0" : ""}`, {"text-anchor": "start"});
    for (let i = 0; i < down; i++) for (let j = 0; j < across; j++) {
      const x = left + j * side, y = top + i * side, level = Math.abs(pixel(i, j)) / most;
      box(x, y, side, side, {fill: "currentColor", "fill-opacity": level});
      const outside = i < padding || j < padding || i >= down - padding || j >= across - padding;
      box(x, y, side, side, outside ? {...thin, "stroke-dasharray": "2 2"} : thin);
    }
    const [row, column] = [state.i * stride, state.j * stride];
    box(left + column * side, top + row * side, size * side, size * side, frame);
    state.input = {left, top, side, stride, size, cells: [down, across]};

    const wall = 250, step = Math.min(tall / rows, 222 / columns, side * 1.4);
    const sums = [];
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) sums.push(sum(i, j));
    const largest = Math.max(...sums.map(Math.abs)) || 1;
    plot.text(wall, 20, `輸出 ${rows}×${columns}`, {"text-anchor": "start"});
    sums.forEach((total, cell) => {
      const i = Math.floor(cell / columns), j = cell % columns;
      const x = wall + j * step, y = top + i * step;
      box(x, y, step, step, thin);
      if (!state.done.has(cell)) return;
      const level = Math.abs(total) / largest;
      box(x, y, step, step, {fill: total < 0 ? "#3b78c2" : "currentColor", "fill-opacity": level});
      if (total < 0 && step > 9)  // not by its colour alone
        box(x + step * 0.25, y + step * 0.44, step * 0.5, step * 0.12, {fill: "Canvas"});
    });
    box(wall + state.j * step, top + state.i * step, step, step, frame);
    state.output = {left: wall, top, side: step};

    const cell = size > 3 ? 27 : 40, table = size * cell, gap = (464 - 3 * table) / 2;
    const middle = room + 44 + table / 2;
    const tables = [["蓋住的數字", covered(state.i, state.j)], ["卷積核", weights], ["逐格相乘", times(state.i, state.j)]];
    tables.forEach(([name, numbers], number_of) => {
      const from = 8 + number_of * (table + gap);
      plot.text(from + table / 2, room + 30, name);
      numbers.forEach((line, i) => line.forEach((x, j) => {
        box(from + j * cell, room + 44 + i * cell, cell, cell, thin);
        plot.text(from + (j + 0.5) * cell, room + 44 + (i + 0.5) * cell, number(x),
          {dy: 6, "font-size": size > 3 || number(x).length > 4 ? 13 : 17});
      }));
      if (number_of < 2) plot.text(from + table + gap / 2, middle, "×="[number_of], {dy: 6});
    });
    const total = times(state.i, state.j).flat().reduce((a, b) => a + b, 0);
    const share = divisor === 1 ? "" : ` ÷ ${divisor}`;
    const result = `${number(total)}${share}${share ? ` = ${number(total / divisor)}` : ""}`;
    plot.text(240, room + 44 + table, `全部加起來：${result}`, {dy: 30, "font-weight": 600});
    return `小窗在第 ${state.i + 1} 列第 ${state.j + 1} 行：${size * size} 個乘積相加${share && `再 ÷ ${divisor}`}，得 ` +
      `${number(total / divisor)}。輸出 ${rows}×${columns}，已填 ${state.done.size}／${rows * columns} 格`;
  },
})
