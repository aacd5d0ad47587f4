import { useSurface } from "./state.ts";

/** The lines along which what is dragged stands straight, with distances. */
export function Guides() {
  const guides = useSurface((state) => state.guides);
  if (guides.length === 0) return null;
  return (
    <div className="guides" aria-hidden="true">
      {guides.map(({ axis, at, from, to, gap }) => (
        <div
          key={axis}
          className="guide"
          data-axis={axis}
          style={
            axis === "x"
              ? { left: at, top: from - 8, height: to - from + 16 }
              : { top: at, left: from - 8, width: to - from + 16 }
          }
        >
          {gap ? (
            <span
              style={
                axis === "x"
                  ? { top: (gap.from + gap.to) / 2 - from + 8 }
                  : { left: (gap.from + gap.to) / 2 - from + 8 }
              }
            >
              {Math.round(gap.to - gap.from)}
            </span>
          ) : null}
        </div>
      ))}
    </div>
  );
}
