// Questions that answer at once; where no script runs they stand as in the notebook.
addEventListener("DOMContentLoaded", () => {
  const make = (name, properties = {}, ...content) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...content);
    return made;
  };
  const decoded = (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  };

  const ask = (question) => {
    const {answer, right, wrong, percent} = decoded(question.dataset.question);
    const isChoice = typeof answer === "string";
    const choices = isChoice ? question.nextElementSibling : null;
    const meant = (text) => {
      if (isChoice) return text;
      const number = Number(text);
      // Of a percentage, 0.55 and 55 are the same.
      return percent && Math.abs(number) < 1 ? Number((100 * number).toFixed(6)) : number;
    };

    const legend = make("legend", {}, ...question.childNodes);
    const fields = make("fieldset", {}, legend);
    const result = make("div", {role: "status"});
    const form = make("form", {className: "question"}, fields, result);
    question.replaceWith(form);
    for (const item of choices?.children ?? []) {
      const value = item.textContent.trim()[0];
      const radio = make("input", {type: "radio", name: "answer", required: true, value});
      item.replaceChildren(make("label", {}, radio, make("span", {}, ...item.childNodes)));
    }
    const number = {type: "number", step: "any", name: "answer", required: true};
    fields.append(
      choices ?? make("label", {}, "答案 ", make("input", number), percent ? " %" : ""),
      make("button", {}, "看對不對"),
    );

    form.addEventListener("change", () => result.replaceChildren());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = meant(new FormData(form).get("answer"));
      const isRight = given === answer;
      const foreseen = Object.keys(wrong).find((each) => meant(each) === given);
      result.className = isRight ? "right" : "wrong";
      result.innerHTML = isRight ? right : wrong[foreseen ?? "*"];
      result.prepend(make("b", {}, isRight ? "✔ 答對了" : "✘ 再想想"));
    });
  };

  const questions = document.querySelectorAll("[data-question]");
  questions[0]?.before(make("p", {className: "hint"}, "在這一頁可以直接作答，不必執行程式。"));
  questions.forEach(ask);
  // Their cells ask for a kernel.
  for (const cell of document.querySelectorAll(".asks")) cell.hidden = questions.length > 0;
});
