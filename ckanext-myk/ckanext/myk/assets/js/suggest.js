/*
 * Suggestions below a search box: the combobox pattern of ARIA 1.2 with a list box.
 * https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
 *
 * Without this script the form works as it is. What is typed goes to the portal alone, is not kept
 * here, and an older question is dropped for a newer one.
 */
(function () {
  "use strict";

  var PAUSE = 120; // milliseconds without a key before anything is asked
  var SHORTEST = 2;
  var count = 0;

  function make(tag, className, text) {
    var element = document.createElement(tag);
    element.className = className;
    if (text) element.textContent = text;
    return element;
  }

  function Combobox(input) {
    var list = make("ul", "suggestions");
    var status = make("div", "visually-hidden");
    var timer = 0;
    var asking = null; // the request on its way
    var active = -1;
    var shown = ""; // what the lines are for

    count += 1;
    list.id = "suggestions-" + count;
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", input.dataset.suggestLabel);
    status.setAttribute("role", "status");
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "false");
    input.after(list, status);

    function options() {
      return Array.prototype.slice.call(list.children);
    }

    function choose(index) {
      active = index;
      options().forEach(function (option, place) {
        option.setAttribute("aria-selected", String(place === index));
      });
      if (index < 0) {
        input.removeAttribute("aria-activedescendant");
        return;
      }
      input.setAttribute("aria-activedescendant", list.children[index].id);
      list.children[index].scrollIntoView({ block: "nearest" });
    }

    function drop() {
      clearTimeout(timer);
      if (asking) asking.abort();
      asking = null;
    }

    function close() {
      drop();
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      choose(-1);
    }

    function option(line, place) {
      var item = make("li", "suggestion");
      var link = make("a", "suggestion-link");
      item.id = list.id + "-" + place;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      link.href = line.url;
      link.tabIndex = -1;
      link.append(
        make("span", "suggestion-text", line.text),
        make("span", "suggestion-kind", line.count ? line.label + " · " + line.count : line.label)
      );
      item.append(link);
      return item;
    }

    function show(answer, typed) {
      active = -1;
      shown = typed;
      list.replaceChildren.apply(list, answer.suggestions.map(option));
      input.removeAttribute("aria-activedescendant");
      list.hidden = answer.suggestions.length === 0;
      input.setAttribute("aria-expanded", String(!list.hidden));
      status.textContent = answer.said;
    }

    function ask() {
      var typed = input.value.trim();
      drop();
      if (typed.length < SHORTEST) {
        status.textContent = "";
        close();
        return;
      }
      var mine = new AbortController();
      asking = mine;
      fetch(input.dataset.suggest + "?q=" + encodeURIComponent(typed), {
        signal: mine.signal,
        credentials: "same-origin",
        headers: { Accept: "application/json" },
      })
        .then(function (answer) {
          return answer.ok ? answer.json() : { suggestions: [], said: "" };
        })
        .then(function (answer) {
          if (asking === mine && document.activeElement === input) show(answer, typed);
        })
        .catch(function () {
          // Dropped, or the portal is away: the box works without.
        });
    }

    input.addEventListener("input", function (event) {
      clearTimeout(timer);
      if (event.isComposing) return;
      timer = setTimeout(ask, PAUSE);
    });
    input.addEventListener("compositionend", function () {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    });

    input.addEventListener("keydown", function (event) {
      var number = list.children.length;
      var open = !list.hidden;
      if (event.isComposing || event.ctrlKey || event.metaKey) return;
      switch (event.key) {
        case "ArrowDown":
        case "ArrowUp":
          if (!open) {
            if (event.key === "ArrowUp" || event.altKey) return;
            if (number && shown === input.value.trim()) {
              list.hidden = false;
              input.setAttribute("aria-expanded", "true");
            } else {
              ask();
            }
          } else {
            drop(); // the lines stay as they are under whoever walks through them
            // Round and round, with the box itself between the last line and the first.
            var step = event.key === "ArrowDown" ? 1 : -1;
            choose(((active + 1 + step + number + 1) % (number + 1)) - 1);
          }
          event.preventDefault();
          break;
        case "Enter":
          if (open && active >= 0) {
            event.preventDefault();
            window.location.assign(list.children[active].firstElementChild.href);
          }
          close();
          break;
        case "Escape":
          if (open) {
            event.preventDefault();
            close();
          }
          break;
        case "Tab":
          close();
          break;
        default:
          if (active >= 0) choose(-1); // whoever goes on typing has not chosen
      }
    });

    // The focus stays in the box; the link's own click does the rest, with any button or finger.
    list.addEventListener("mousedown", function (event) {
      event.preventDefault();
    });
    list.addEventListener("click", function () {
      close();
    });
    input.addEventListener("blur", close);
    window.addEventListener("pageshow", close);
  }

  document.querySelectorAll("input[data-suggest]").forEach(Combobox);
})();
