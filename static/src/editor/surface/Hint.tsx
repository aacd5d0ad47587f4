import { Icon } from "../../canvas/Icon.tsx";
import { useSurface } from "./state.ts";

/** What happens if what is dragged is let go here, where that is worth a word. */
export function Hint() {
  const warning = useSurface((state) => state.warning);
  if (warning === "") return null;
  return (
    <p className="surface-hint" role="status">
      <Icon name="triangle-alert" size={14} />
      {warning}
    </p>
  );
}
