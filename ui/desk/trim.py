"""In and out point of the clip: two fields that keep step with A and B of the player.

Both directions happen in the browser: the player tells its marks by an event
(`rinkside:points`), and is told by another (`rinkside:put`).
"""

from __future__ import annotations

import gradio as gr

from ui.language.labels import label

_TELL_JS = """(start, end) => {
  const player = document.querySelector('#player .rp');
  if (player) player.dispatchEvent(new CustomEvent('rinkside:put', {detail: {start, end}}));
}"""

TRIM_JS = """
const fields = ['in', 'out'].map(end => () => document.querySelector(
  `#trim-${end} :is(input, textarea)`));
const write = (field, text) => {
  if (!field || field.value === text) return;
  field.value = text;
  field.dispatchEvent(new Event('input', {bubbles: true}));
};
document.addEventListener('rinkside:points', ({target, detail}) => {
  if (!target.closest('#player')) return;
  write(fields[0](), detail.start);
  write(fields[1](), detail.end);
});
document.addEventListener('rinkside:opened', ({target}) => {
  if (!target.closest('#player')) return;
  const [start, end] = fields.map(field => field()?.value ?? '');
  if (start || end) {
    target.dispatchEvent(new CustomEvent('rinkside:put', {detail: {start, end}}));
  }
});
"""
"""The player's A and B fill the fields; a clip that opens finds in them what stands there."""


def build_trim() -> tuple[gr.Textbox, gr.Textbox]:
    """The two fields, side by side; `pipeline.moments.moment_or_none` reads them."""
    with gr.Row(elem_classes="rs-trim"):
        start, end = (
            gr.Textbox(
                None, label=label(f"clip_{point}"), elem_id=f"trim-{point}", min_width=100,
                max_lines=1,
            )
            for point in ("in", "out")
        )  # fmt: skip
    gr.HTML(js_on_load=TRIM_JS, elem_id="trim-script", elem_classes="rs-hidden", show_label=False)
    gr.on(
        [start.change, end.change], None, [start, end], None, js=_TELL_JS, api_visibility="private"
    )
    return start, end
