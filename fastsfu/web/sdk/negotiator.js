/**
 * Offers, one at a time. The client always offers (so there is no glare); whoever needs another
 * offer while one is in flight gets the next one, which serves all who asked meanwhile.
 */

/**
 * @template Answer
 * @typedef {object} NegotiatorParts
 * @property {() => void} prepare brings the transceivers to what is wanted, just before the offer
 * @property {(sdp: string) => string} amend what the offer should say besides
 * @property {(sdp: string) => Promise<Answer & {sdp: string}>} exchange offer in, answer out
 * @property {(answer: Answer) => void} apply runs when the answer is in force
 */

/** @template Answer */
export class Negotiator {
  #pc;
  #parts;
  /** @type {Promise<void>} settled or not; never rejects */
  #running = Promise.resolve();
  /** @type {Promise<void> | null} the round that has not begun */
  #queued = null;
  #end = () => {};
  /** @type {Promise<void>} */
  #ended = new Promise((resolve) => (this.#end = resolve));

  /**
   * @param {RTCPeerConnection} pc
   * @param {NegotiatorParts<Answer>} parts
   */
  constructor(pc, parts) {
    this.#pc = pc;
    this.#parts = parts;
  }

  /**
   * @returns {Promise<void>} resolves when an offer made after this call has been answered, or the
   *   connection is closed
   */
  negotiate() {
    if (!this.#queued) {
      const round = this.#running.then(() => {
        this.#queued = null;
        return Promise.race([this.#round(), this.#ended]);
      });
      this.#queued = round;
      this.#running = round.catch(() => undefined);
    }
    return this.#queued;
  }

  /** @returns {Promise<void>} resolves when no offer is under way that was asked for before */
  settled() {
    return this.#running;
  }

  /** The connection is closed: browsers may leave what is under way there pending for ever. */
  close() {
    this.#end();
  }

  async #round() {
    const pc = this.#pc;
    if (pc.signalingState === 'closed') return;
    this.#parts.prepare();
    await this.#offer();
    try {
      const answer = await this.#parts.exchange(pc.localDescription?.sdp ?? '');
      await pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
      this.#parts.apply(answer);
    } catch (error) {
      if (pc.signalingState === 'have-local-offer') {
        await pc.setLocalDescription({ type: 'rollback' });
      }
      throw error;
    }
  }

  /** A browser that lets nobody change its words makes the offer alone. */
  async #offer() {
    const { sdp = '' } = await this.#pc.createOffer();
    const amended = this.#parts.amend(sdp);
    const taken = amended !== sdp
      && await this.#pc.setLocalDescription({ type: 'offer', sdp: amended }).then(
        () => true, () => false,
      );
    if (!taken) await this.#pc.setLocalDescription();
  }
}
