/** The part of a call's face that is for owners of the room. See fastsfu.d.ts for each method. */

/** @import * as Face from './fastsfu.d.ts' */
/** @import { Meeting } from './meeting.js' */

export class HostedCall {
  #meeting;

  /** @param {() => Meeting} meeting throws a CallError while the call is not joined */
  constructor(meeting) {
    this.#meeting = meeting;
  }

  /**
   * @param {string} id
   * @param {Face.ParticipantUpdate} update
   */
  async updateParticipant(id, update) {
    await this.#meeting().updateParticipants({ [id]: update });
  }

  /** @param {Record<string, Face.ParticipantUpdate>} updates */
  async updateParticipants(updates) {
    await this.#meeting().updateParticipants(updates);
  }

  /** @param {Face.RoomUpdate} update */
  async updateRoom(update) {
    await this.#meeting().updateRoom(update);
  }

  /**
   * @param {string} id
   * @param {{grantRequestedAccess: boolean}} update
   */
  async updateWaitingParticipant(id, update) {
    await this.#meeting().updateWaiting({ [id]: update });
  }

  /** @param {Record<string, {grantRequestedAccess: boolean}>} updates */
  async updateWaitingParticipants(updates) {
    await this.#meeting().updateWaiting(updates);
  }

  waitingParticipants() {
    return { ...this.#meeting().waiting };
  }

  /** @param {unknown} data */
  async setMeetingSessionData(data) {
    await this.#meeting().setData(data);
  }
}
