import { Icon } from "../../canvas/Icon.tsx";
import { useEditor } from "../store.ts";
import { add } from "./actions.ts";

/** An empty canvas says how to begin. */
export function Nothing() {
  const isLocked = useEditor((state) => state.isLocked);
  return (
    <div className="surface-nothing">
      <h2>{isLocked ? "Nothing here yet" : "What starts it?"}</h2>
      <p>
        {isLocked
          ? "Open this workflow on a wide screen to build it."
          : "A workflow begins with a trigger: a call, a schedule, a button. Steps follow from left to right."}
      </p>
      {isLocked ? null : (
        <button type="button" className="btn btn-primary" onClick={add}>
          <Icon name="plus" />
          Add the first step
        </button>
      )}
    </div>
  );
}
