interface Meaning {
  /** Nothing is missing: what the letter asks for is done, or there was nothing to do. */
  readonly harmless: boolean
  /** A redrive now comes to nothing: something else must be done first, or nothing can be done. */
  readonly pointless?: true
  /** What a person does. */
  readonly advice: string
}

const redriveAcks = 'redrive it: it is acknowledged and nothing is loaded twice'
const logHint = 'look at the log of transform, mend what it tells, then redrive it'

/** Why a letter may lie where it is, found from what its object, claim and batch are now. */
export const letterReasons = {
  'already-loaded': { harmless: true, advice: redriveAcks },
  'already-applied': { harmless: true, advice: redriveAcks },
  'nothing-to-load': { harmless: true, advice: redriveAcks },
  'batch-aborted': { harmless: true, advice: redriveAcks },
  'in-work': {
    harmless: false,
    pointless: true,
    advice: 'wait until the batch is through, then look again',
  },
  'batch-waits': {
    harmless: false,
    advice:
      'mend what the problem names; the sweep applies the batch, with or without this message',
  },
  'batch-failed': { harmless: false, advice: logHint },
  suspected: {
    harmless: false,
    advice:
      'redrive it: it is opened by itself; an object is poison after 3 opens that end the process',
  },
  poison: {
    harmless: false,
    pointless: true,
    advice:
      'look at the object: correct it and upload it again; redriving this message does nothing',
  },
  'set-aside': {
    harmless: false,
    advice: 'mend what the reason names, then redrive it: the object is looked at again',
  },
  'never-begun': { harmless: false, advice: 'redrive it' },
  unrouted: {
    harmless: false,
    pointless: true,
    advice: 'add a route to ROUTES of ingest and transform, then redrive it',
  },
  'object-gone': {
    harmless: false,
    pointless: true,
    advice:
      'its bytes cannot be had any more; if its name is right, delete the message in the console of SQS',
  },
  'other-bucket': {
    harmless: false,
    pointless: true,
    advice: 'add the bucket to BRONZE_BUCKET of ingest, then redrive it; or stop its notifications',
  },
  'other-pipeline': {
    harmless: false,
    pointless: true,
    advice: 'send it to the queue of its pipeline',
  },
  'claim-without-batch': {
    harmless: false,
    pointless: true,
    advice: 'the ledger lacks a batch: silversmith ledger rebuild --yes, then redrive it',
  },
  'manifest-unreadable': {
    harmless: false,
    pointless: true,
    advice: 'restore the manifest below _batches/ (a former version of it), then redrive it',
  },
  unreadable: {
    harmless: false,
    pointless: true,
    advice: 'find out who sends it; silversmith dlq show <message> prints the body',
  },
  unknown: {
    harmless: false,
    pointless: true,
    advice: 'mend what kept us from looking, then look again',
  },
} as const satisfies Record<string, Meaning>

export type LetterReason = keyof typeof letterReasons
