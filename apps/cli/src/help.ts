import { sampleTypes } from '@silversmith/datasets'
import { adoptedTable, defaultDir, listedStates, writerName } from './command.ts'

export const help = `silversmith <command> [options]

Tables and rows
  migrate                   create or alter the tables of the server that CLICKHOUSE_URL names
  migrate --plan [--user NAME]
                            only say what it would do, and which grants the users of transform, bulk and
                            repair need; NAME is that of transform, ${writerName} by default
  query "SELECT …"          ask the ClickHouse of a local stack, or the one CLICKHOUSE_URL names
  head TABLE [--limit N]    first rows of a table, from ClickHouse, else from the silver files of the last local run
  invoke FUNCTION --event FILE
                            send an event to ingest, transform, bulk of a local stack that npm start -- --keep
                            left up; FILE is JSON, - reads standard input
  generate --type ${sampleTypes.join('|')}
           --out FILE [--count N] [--format jsonl|json] [--seed N]
                            made-up records, 100 by default; the same for the same seed. json is one array
  dataset new NAME --from FILE [--time FIELD]
                            make a dataset for records like those of FILE (JSON Lines, or a .json with an array; gzip
                            or not): columns and types from its first 10 000 records, and the event time from FIELD,
                            else from the first field that is a time in each. Nothing is overwritten

Coming from another system
  adopt [--table NAME] [--prefix P]… [--trust-table] --yes
                            claim the objects whose rows the table of oli-torus' xAPI ETL holds whole, so that
                            reconcile --enqueue loads what was missing and nothing else. NAME is ${adoptedTable} by
                            default, as migrate --plan renames it, which also says how its rows move. May be killed and
                            run again, also while the functions are at work. Reads each such object once, to see
                            that the table has all its lines. --trust-table reads none: for terabytes, and only if
                            the other system wrote each object whole or not at all. Lines that are missing after
                            the last one of an object are then never loaded, and nothing tells of them

Records that were rejected
  quarantine list [--dataset D] [--reason R] [--since 2026-01-01|24h] [--until …] [--limit N]
                            how many records are still rejected, why, and what a replay made of their files; --json
                            tells of each file
  quarantine show [FILE] [--dataset D] [--reason R] [--since …] [--until …] [--limit N]
                            the records themselves, with where they came from; of FILE, else of all that nobody replayed
  quarantine replay [--dataset D] [--reason R] [--since …] [--until …] --yes
                            send them through transform once more, after a mapping or a limit was mended. Each becomes
                            rows with the lineage it had, or stays, in a newer file. Sent twice, nothing is loaded twice

Records that are otherwise than their columns
  drift show [--dataset D] [--since 2026-01-01|24h]
                            paths that no column reads or of another type than their column, and columns that hold
                            nothing, over the batches of the last seven days or since --since
  drift evolve --dataset D [--path P]… --yes
                            a column of ClickHouse for each new path, filled from _rescued, in old rows and in new ones.
                            Only for a dataset whose contract in CONTRACTS is evolve

  try FILE|s3://bucket/key… [--dataset D]
                            what a load of it would make: rows by dataset and table, rejections by reason, drift, sizes of
                            the Parquet. Reads, maps and encodes as transform does, and claims, writes and deletes nothing

How it goes
  status                    queues with what they feed and their dead letters, open batches by state and age, breakers,
                            the last hour with the time from object to queryable, quarantine; last what needs a person
  explain s3://BUCKET/KEY [--version V] [--record N]
  explain BATCH | BATCH#N | ID
  explain --where COLUMN=VALUE [--dataset D]
                            the whole story of an object, of a record of it, of a batch, of a chunk, or of the rows with
                            an event id or hash: what it arrives by, claim, batch, chunks, where its rows are in each
                            target, or why they are not. An object may be a silver file; a message is <queue ARN>/<id>
  pause [--deadline 30m] --yes
                            disable the event source mappings, then wait until no function runs and no batch is open,
                            and say what it waits for: before TRUNCATE, an upgrade, a restore. What arrives waits in
                            its queue. Run again it waits on
  resume [--deadline 5m] --yes
                            enable them again

Once more
  replay --via copy|queue --prefix P --start T --end T [--bucket B] [--force] [--to FOLDER] [--limit N] [--rate N] --yes
                            hand the objects below P that were written from T until before T to the pipeline again, as the
                            objects they are: what is loaded stays as it is, what never was is loaded once. copy makes
                            copies below REPLAY_PREFIX, whose events do the rest; queue sends messages to transform.
                            --force loads again what is loaded, and the views then show that. T is a day, a time or 24h;
                            N objects at most, or a second. Killed and run again with the same FOLDER nothing is copied
                            twice

Loading what is in bronze already
  backfill plan WINDOW      what a run would find and send, by day and dataset; rows, batches, Lambda seconds and dollars of
                            that. Sends and writes nothing. --json prints a line for each object, last the sum
  backfill run WINDOW [--job ID] [BUDGET] [--deadline 24h] --yes
                            begin a job and send what is not loaded, then wait until all of it is in every target, and
                            write its report. ID is made up and told where none is given. Without --yes it is a plan.
                            Ctrl-C stops it, and nothing is lost. --json prints lines of how far it is, last the sum
  backfill run --job ID [BUDGET] [--deadline 24h] --yes
                            go on with a job, here or anywhere
  backfill status --job ID  how far it is, and what became of its objects
  backfill pause --job ID --yes
  backfill resume --job ID --yes
  backfill cancel --job ID --yes
                            before the next objects are sent; what was sent is loaded all the same. resume also opens prefixes
                            again that could not be listed; cancelled is for ever
  backfill report --job ID [--csv FILE]
                            what became of each object, now: FILE in the columns of S3 Batch Operations' completion report,
                            --json prints a line for each object, last the sum
  backfill list [--limit N] jobs, the one that changed last first
  WINDOW                    at least one of --prefix P…, --section ID… (of section/, or of each P), --start, --end,
                            --hours 6,7 (UTC), --key-regex R, --min-bytes N, --max-bytes N, --dataset D[,D…]; --prefix ""
                            is everything. --start is inside; --end is outside when it is a time (2026-02-11T14:00:00Z), and
                            a day (2026-02-11) with all its hours. An object is of the time in its name, else of its
                            partition, else of Last-Modified. --bucket B, where BRONZE_BUCKET names several; --force loads
                            what is loaded once more, as a newer generation
  BUDGET                    --objects-per-second N, --bytes-per-second N, --concurrency N (messages that may wait at once)

When something is wrong
  doctor                    settings, buckets, queues, tables, ClickHouse, breakers, and the functions themselves: what is
                            wrong, and what to do. Changes nothing. Functions are asked where INGEST_FUNCTION_NAME,
                            TRANSFORM_FUNCTION_NAME and BULK_FUNCTION_NAME name them
  reconcile [--prefix P]… [--since 2026-01-01|24h] [--enqueue [--set-aside]]
                            compare bronze, ledger, manifests and targets: what is missing, stuck or too much;
                            --enqueue sends what was never loaded to transform, with --set-aside also what was
                            too large or unreadable. What is younger than an hour may still be on its way and
                            counts as recent
  batch list [--state ${listedStates.join('|')}] [--since 24h] [--limit N]
                            batches, open ones by default: progress, failures, problem, next try;
                            committed ones of the last day, or since --since
  batch show BATCH          all of one: sources and what became of them, chunks, and what each target holds
  batch reject BATCH --target silver|clickhouse --yes
                            chunks which that target refuses for ever go to quarantine, and the batch commits
  batch free BATCH --yes    a batch the ledger lacks and that has no manifest never was sealed: its sources may be
                            loaded by others
  repair BATCH… --yes       put back rows which a target lost, from another target. Never done by itself: rows that
                            were erased on purpose stay erased
  rebuild --from silver [--table T] [--since 2026-01-01|36h] --yes
                            fill an empty or new table of ClickHouse out of the silver files, by the manifests of batches
                            since that day; beside live traffic, and again at any time: what is there stays. Killed, the
                            same goes on where it was. With --json a line tells how far it is every 20 s
  erase --dataset D --where COLUMN=VALUE [--text TEXT]… --yes
                            take all records with that value out of every store, for good: all their rows in every
                            table of the dataset, and rejected records that hold TEXT, by default VALUE, as a word.
                            Pause first; the runbook has the whole of it. Without --dataset and --where it
                            only finishes what was begun. Says which objects of bronze hold the records
  ledger rebuild [--from 2026-01-01] --yes
                            claims and batches out of the manifests, after the table was lost or restored to a point
                            in time; --from leaves out days before it, which must be before that point.
                            Pause first
  dlq list                  messages in the dead-letter queues, why they are there and what to do
  dlq show MESSAGE          one of them, with its body
  dlq redrive MESSAGE…|--all --yes
                            send them to the queue they died in, then delete them. What was loaded stays loaded once.
                            --all leaves those for which that would come to nothing, and says why
                            A console redrive does, too; but it gives messages new ids, and where messages are
                            themselves the data it makes second rows. This command hands their first id on

  --yes                     do it. Without it, with --dry-run, or while DRY_RUN=true, a command only says what it would do
  --dir DIR                 a local stack that npm start -- --keep left up. Default: the deployment that the
                            environment describes by the settings of the functions, else ${defaultDir}
  --json                    one JSON document on standard output
  --help                    this text

LEDGER_TABLE_NAME, SILVER_BUCKET, BRONZE_BUCKET, OBJECTS_QUEUE_URL, BULK_QUEUE_URL, ARRIVALS_QUEUE_URL, PIPELINE, TARGETS, ROUTES, SILVER_PREFIX,
QUARANTINE_PREFIX and CLICKHOUSE_* describe a deployment as they do to its functions; a command says which of them it lacks.
Dead-letter queues are those the redrive policies name, or OBJECTS_DLQ_URL, BULK_DLQ_URL and
ARRIVALS_DLQ_URL.
CLICKHOUSE_DATABASE, CLICKHOUSE_USER and CLICKHOUSE_PASSWORD go with CLICKHOUSE_URL.
Exit codes: 0 all is well or done, 1 something is wrong or failed, 2 wrong usage.
`

const blocks = help.trimEnd().split('\n\n')

/** Of a command, or of the first word of several: their part of the help, and what holds for all; else the whole of it. */
export const helpOf = (command: string | undefined): string => {
  const isOf = (block: string): boolean =>
    block.split('\n').some((line) => line.startsWith(`  ${command} `))
  const own = command === undefined ? [] : blocks.slice(1).filter(isOf)
  if (own.length === 0) return help
  return `${[...own, ...blocks.slice(-2)].join('\n\n')}\n`
}
