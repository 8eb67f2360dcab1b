/* What scripts add to components that work without them: copy buttons, focus on the error summary, a character count. */
(function () {
  'use strict';

  function each(selector, root, action) {
    Array.prototype.forEach.call(root.querySelectorAll(selector), action);
  }

  function copyButton(button) {
    if (!navigator.clipboard) { return; }
    var label = button.querySelector('span');
    var words = label.textContent;
    button.hidden = false;
    label.setAttribute('aria-live', 'polite');
    button.addEventListener('click', function () {
      var source = button.dataset.ptCopy && document.getElementById(button.dataset.ptCopy);
      var text = source ? source.textContent.trim() : button.dataset.ptCopyText;
      navigator.clipboard.writeText(text).then(function () {
        label.textContent = button.dataset.ptDone;
        window.setTimeout(function () { label.textContent = words; }, 3000);
      }, function () {
        if (source) { window.getSelection().selectAllChildren(source); }
      });
    });
  }

  function counter(note) {
    var area = document.getElementById(note.dataset.ptCountFor);
    if (!area) { return; }
    var most = Number(area.dataset.ptMax);
    var format = new Intl.NumberFormat(document.documentElement.lang || undefined);
    function show() {
      var left = most - area.value.length;
      note.textContent = (left < 0 ? note.dataset.ptOver : note.dataset.ptLeft).replace('{number}', format.format(Math.abs(left)));
      note.classList.toggle('pt-field__over', left < 0);
    }
    area.addEventListener('input', show);
    if (area.value) { show(); }
  }

  function enhance(root) {
    each('[data-pt-copy], [data-pt-copy-text]', root, copyButton);
    each('[data-pt-count-for]', root, counter);
    var summary = root.querySelector('[data-pt-focus]');
    if (summary) { summary.focus(); }
  }

  if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', function () { enhance(document); });
  } else {
    enhance(document);
  }
  // A refusal has its own words: where an element asks for it, they are shown in place, as an answer is.
  document.addEventListener('htmx:beforeSwap', function (event) {
    var asked = event.detail.requestConfig && event.detail.requestConfig.elt;
    if (asked && asked.hasAttribute('data-pt-refusals') && [403, 409, 429].indexOf(event.detail.xhr.status) >= 0 &&
        !/^\s*<!doctype/i.test(event.detail.xhr.responseText)) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });

  // htmx swaps fragments in; they get the same.
  document.addEventListener('htmx:load', function (event) {
    if (event.detail.elt !== document.body) { enhance(event.detail.elt); }
  });
}());
