import type { ChangeMessage } from "../canvas/types.ts";

/** A socket that tells how the sample run ends, one change every 1.5 s. For `?page=execution&live`. */
export class ScriptedSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  private readonly timers: number[] = [];

  constructor() {
    const now = (): string => new Date().toISOString();
    const story: (() => ChangeMessage)[] = [
      () => ({
        seq: 21,
        at: now(),
        changes: [
          { node_id: "ship", state: "COMPLETED", attempt: 1, port: "main", finished_at: now() },
          { node_id: "yes", state: "RUNNING", attempt: 1, started_at: now() },
        ],
      }),
      () => ({ seq: 21 }),
      () => ({
        seq: 22,
        at: now(),
        changes: [
          { node_id: "yes", state: "COMPLETED", attempt: 1, port: "main", finished_at: now() },
          { status: "SUCCESS", finished_at: now() },
        ],
      }),
    ];
    this.timers.push(window.setTimeout(() => this.onopen?.(), 50));
    story.forEach((tell, index) => {
      this.timers.push(
        window.setTimeout(() => this.onmessage?.({ data: JSON.stringify(tell()) }), 1500 * (index + 1)),
      );
    });
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.onclose?.({ code: 1000 });
  }
}
