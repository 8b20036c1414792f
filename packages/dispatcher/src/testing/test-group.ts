import { sleep } from '@lava/base';
import { answerTo, callKey, GroupMembers, type GroupCall } from '@lava/job';
import type { GroupLine } from '../multinode/group-line.ts';

/** The server's part in a multinode group, in this process. */
export class TestGroup {
  readonly #calls: GroupCall[] = [];

  line(member: string): GroupLine {
    let number = 0;
    return {
      ask: async (request, { timeoutMs, signal }) => {
        const call: GroupCall = { member, call: number++, request };
        this.#calls.push(call);
        for (const end = performance.now() + timeoutMs; performance.now() < end; await sleep(10, signal)) {
          const members = new GroupMembers(this.#calls.filter((c) => c.request.request === 'group_data'));
          const answer = answerTo(call, members, this.#calls.filter((c) => callKey(c.request) === callKey(request)));
          if (answer) return answer;
        }
        return undefined;
      },
    };
  }
}
