import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';

type DialogProps = {
  readonly title: string;
  /** What Escape does. Undefined: only the buttons of the dialog close it. */
  readonly onClose?: () => void;
  readonly children: ReactNode;
};

/** A modal dialog, which is shown as long as it is rendered. Then the focus returns to where it was. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // Before the element leaves the page: only a dialog that is closed in it returns the focus.
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      className="dialog"
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      // Browsers close a dialog at the second Escape, even if the first one was refused.
      onKeyDown={(event) => {
        if (onClose === undefined && event.key === 'Escape') event.preventDefault();
      }}
    >
      <div>
        <h2 id={heading}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
