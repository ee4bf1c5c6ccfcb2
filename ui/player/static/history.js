// What the viewer changed, to be taken back and done again.

const MOST = 200;

export class History {
  /** onChange(): what can be taken back or done again has changed. */
  constructor(onChange) {
    this.onChange = onChange;
    this.clear();
  }

  clear() {
    this.done = [];
    this.undone = [];
    this.onChange(this);
  }

  /** Remember a change that was made: how to take it back, and how to make it again. */
  push(back, forth) {
    this.done = [...this.done, { back, forth }].slice(-MOST);
    this.undone = [];
    this.onChange(this);
  }

  undo() {
    const step = this.done.pop();
    if (!step) return;
    step.back();
    this.undone.push(step);
    this.onChange(this);
  }

  redo() {
    const step = this.undone.pop();
    if (!step) return;
    step.forth();
    this.done.push(step);
    this.onChange(this);
  }
}
