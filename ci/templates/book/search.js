// Finds the sections in which every word stands; Chinese has no blanks, so that any part is a word.
addEventListener("DOMContentLoaded", () => {
  const MOST = 50; // results that are listed
  const BEFORE = 25; // characters of an excerpt before the first word, and of all
  const LONG = 110;
  const form = document.querySelector("body > header form");
  const [input, told, list, everywhere] = ["input", "[role=status]", "ol", "p[hidden]"].map(
    (part) => form.querySelector(part),
  );
  const data = document.querySelector("body > header script").textContent;
  const sections = JSON.parse(data).map(([address, page, title, text]) => {
    const head = title.toLowerCase();
    return {address, page, title, text, head, all: `${head} ${text.toLowerCase()}`};
  });

  const marked = (text, words) => {
    const plain = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return text.split(new RegExp(`(${plain.join("|")})`, "i")).map((piece, place) => {
      if (place % 2 === 0) return piece;
      const mark = document.createElement("mark");
      mark.textContent = piece;
      return mark;
    });
  };

  const shown = ({address, page, title, text}, words) => {
    const places = words.map((word) => text.toLowerCase().indexOf(word)).filter((at) => at >= 0);
    const start = Math.max(0, Math.min(...places, text.length) - BEFORE);
    const item = document.createElement("li");
    const link = document.createElement("a");
    const excerpt = document.createElement("p");
    link.href = address;
    link.append(page ? `${page} › ` : "", ...marked(title, words));
    if (places.length) {
      excerpt.append(start ? "…" : "", ...marked(text.slice(start, start + LONG), words), "…");
    }
    item.append(link, excerpt);
    return item;
  };

  const search = () => {
    const asked = input.value.normalize("NFKC").toLowerCase();
    // 「VGG16參數」 are two words.
    const words = asked.match(/[\u3400-\u9fff]+|[^\s\u3400-\u9fff]+/g) ?? [];
    const every = (text) => words.every((word) => text.includes(word));
    const found = words.length ? sections.filter((section) => every(section.all)) : [];
    found.sort((one, other) => every(other.head) - every(one.head));
    list.replaceChildren(...found.slice(0, MOST).map((section) => shown(section, words)));
    const more = found.length > MOST ? `，列出前 ${MOST} 節` : "";
    told.textContent = words.length ? `找到 ${found.length} 節${more}` : "";
    if (everywhere) {
      everywhere.hidden = !words.length;
      const link = everywhere.querySelector("a");
      link.search = words.length ? `?q=${encodeURIComponent(input.value)}` : "";
    }
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("input", search);
  input.value = new URLSearchParams(location.search).get("q") ?? "";
  search();
});
