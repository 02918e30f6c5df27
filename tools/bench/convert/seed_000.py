"""Converts xAPI statements as oli-torus' Python Lambda (cloud/xapi-etl-processor) does; one thread.

Written anew from what that function does, without S3 and INSERT: pieces of 64 KiB split into lines, a dict a line, one
Arrow table whose types are inferred, times coerced, a projection with casts onto its columns, one Parquet file in memory.
The hash is of the raw line. Usage: seed_000.py INPUT OUTPUT VARIANT, where VARIANT is `whole`.
"""

import hashlib
import json
import re
import resource
import sys
import uuid
from datetime import datetime, timezone
from urllib.parse import urlparse

import pyarrow as pa
import pyarrow.parquet as pq

OLI = "http://oli.cmu.edu/extensions/"
VIDEO = "https://w3id.org/xapi/video/extensions/"

TEXT, BIG, SMALL, REAL, YES = pa.string(), pa.uint64(), pa.uint32(), pa.float64(), pa.bool_()
COLUMNS = [
    ("event_id", TEXT), ("user_id", TEXT), ("host_name", TEXT), ("section_id", BIG), ("project_id", BIG),
    ("publication_id", BIG), ("timestamp", pa.timestamp("ms", "UTC")), ("event_type", TEXT), ("page_id", BIG),
    ("content_element_id", TEXT), ("video_url", TEXT), ("video_time", REAL), ("video_length", REAL),
    ("video_progress", REAL), ("video_played_segments", TEXT), ("video_play_time", REAL), ("video_seek_from", REAL),
    ("video_seek_to", REAL), ("activity_attempt_guid", TEXT), ("activity_attempt_number", SMALL),
    ("page_attempt_guid", TEXT), ("page_attempt_number", SMALL), ("part_attempt_guid", TEXT),
    ("part_attempt_number", SMALL), ("activity_id", BIG), ("activity_revision_id", BIG), ("part_id", TEXT),
    ("page_sub_type", TEXT), ("score", REAL), ("out_of", REAL), ("scaled_score", REAL), ("success", YES),
    ("completion", YES), ("response", TEXT), ("feedback", TEXT), ("hints_requested", SMALL),
    ("attached_objectives", TEXT), ("session_id", TEXT), ("event_hash", TEXT), ("source_file", TEXT),
    ("source_etag", TEXT), ("source_line", SMALL),
]
TIME = "timestamp"
PIECE_BYTES = 64 * 1024
MIB = 1024 * 1024

VIDEO_VERBS = {
    "https://w3id.org/xapi/video/verbs/played", "https://w3id.org/xapi/video/verbs/paused",
    "https://w3id.org/xapi/video/verbs/seeked", "https://w3id.org/xapi/video/verbs/completed",
    "http://adlnet.gov/expapi/verbs/experienced",
}
TYPES = {
    ("http://adlnet.gov/expapi/verbs/completed", OLI + "activity_attempt"): "activity_attempt",
    ("http://adlnet.gov/expapi/verbs/completed", OLI + "page_attempt"): "page_attempt",
    ("http://adlnet.gov/expapi/verbs/completed", "http://adlnet.gov/expapi/activities/question"): "part_attempt",
    ("http://id.tincanapi.com/verb/viewed", OLI + "types/page"): "page_viewed",
}


MORE_DIGITS = re.compile(r"(\.\d{6})\d+")


def whole(value):
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError):
        return None


def real(value):
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def yes(value):
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value != 0
    return str(value).strip().lower() in {"true", "t", "yes", "y", "1"}


def text(value):
    return value if value is None or isinstance(value, str) else json.dumps(value)


def moment(value):
    """ISO 8601 to a time in UTC; digits beyond microseconds are cut off, a time without zone is UTC."""
    parsed = datetime.fromisoformat(MORE_DIGITS.sub(r"\1", value.strip().replace("Z", "+00:00")))
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)


def host(*addresses):
    for address in addresses:
        if address:
            return urlparse(address).netloc or str(address).split("/")[0]
    return ""


def first(*values):
    return next((value for value in values if value is not None), None)


def to_row(statement, line, number, source, etag):
    actor, verb = statement.get("actor") or {}, statement.get("verb") or {}
    account = actor.get("account") or {}
    target, result = statement.get("object") or {}, statement.get("result") or {}
    definition = target.get("definition") or {}
    ext = (statement.get("context") or {}).get("extensions") or {}
    rx = result.get("extensions") or {}
    score = result.get("score") or {}
    kind = "video" if verb.get("id") in VIDEO_VERBS else TYPES.get((verb.get("id"), definition.get("type")), "unknown")
    response = result.get("response")
    if isinstance(response, dict):
        response = response.get("input") or json.dumps(response)
    hints = ext.get(OLI + "hints_requested")
    return {
        "event_id": str(statement.get("id") or statement.get("event_id") or uuid.uuid4()),
        "user_id": str(first(account.get("name"), actor.get("mbox"), "")),
        "host_name": ext.get(OLI + "host_name") or host(account.get("homePage"), target.get("id")),
        "section_id": whole(ext.get(OLI + "section_id")),
        "project_id": whole(ext.get(OLI + "project_id")),
        "publication_id": whole(ext.get(OLI + "publication_id")),
        "timestamp": statement.get("timestamp") or datetime.now(timezone.utc).isoformat(),
        "event_type": kind,
        "page_id": whole(ext.get(OLI + "page_id")),
        "content_element_id": first(rx.get(OLI + "content_element_id"), ext.get(OLI + "content_element_id")),
        "video_url": target.get("id") if kind == "video" else None,
        "video_time": real(rx.get(VIDEO + "time")),
        "video_length": real(first(rx.get(VIDEO + "length"), ext.get(VIDEO + "length"),
                                   (definition.get("extensions") or {}).get(VIDEO + "length"))),
        "video_progress": real(rx.get(VIDEO + "progress")),
        "video_played_segments": text(rx.get(VIDEO + "played-segments")),
        "video_play_time": real(rx.get("video_play_time")),
        "video_seek_from": real(rx.get(VIDEO + "time-from")),
        "video_seek_to": real(rx.get(VIDEO + "time-to")),
        "activity_attempt_guid": ext.get(OLI + "activity_attempt_guid"),
        "activity_attempt_number": whole(ext.get(OLI + "activity_attempt_number")),
        "page_attempt_guid": ext.get(OLI + "page_attempt_guid"),
        "page_attempt_number": whole(ext.get(OLI + "page_attempt_number")),
        "part_attempt_guid": ext.get(OLI + "part_attempt_guid"),
        "part_attempt_number": whole(ext.get(OLI + "part_attempt_number")),
        "activity_id": whole(ext.get(OLI + "activity_id")),
        "activity_revision_id": whole(ext.get(OLI + "activity_revision_id")),
        "part_id": text(ext.get(OLI + "part_id")),
        "page_sub_type": definition.get("subType"),
        "score": real(score.get("raw")),
        "out_of": real(score.get("max")),
        "scaled_score": real(score.get("scaled")),
        "success": yes(result.get("success")),
        "completion": yes(result.get("completion")),
        "response": response if response is None else str(response),
        "feedback": text(rx.get(OLI + "feedback")),
        "hints_requested": len(hints) if isinstance(hints, list) else whole(hints),
        "attached_objectives": text(ext.get(OLI + "attached_objectives")),
        "session_id": ext.get(OLI + "session_id"),
        "event_hash": hashlib.sha256(line).hexdigest(),
        "source_file": source,
        "source_etag": etag,
        "source_line": number,
    }


def lines_of(stream):
    """Lines without their ends, as a reader of an HTTP body finds them: piece by piece."""
    rest = b""
    while piece := stream.read(PIECE_BYTES):
        lines = (rest + piece).splitlines(True)
        rest = b"" if lines[-1].endswith((b"\n", b"\r")) else lines.pop()
        for line in lines:
            yield line.rstrip(b"\r\n")
    if rest:
        yield rest


def load(path, source, etag):
    rows = []
    with open(path, "rb") as stream:
        for line in lines_of(stream):
            if line.strip():
                rows.append(to_row(json.loads(line), line, len(rows) + 1, source, etag))
    table = pa.Table.from_pylist(rows)
    times = pa.array([moment(value) for value in table.column(TIME).to_pylist()], pa.timestamp("ms", "UTC"))
    return table.set_column(table.schema.get_field_index(TIME), TIME, times)


def project(table):
    """Onto the columns of the INSERT, in its order; what is not there is null."""
    found = set(table.column_names)
    return pa.table({
        name: table.column(name).cast(kind) if name in found else pa.nulls(table.num_rows, kind)
        for name, kind in COLUMNS
    })


def peak_mib(used):
    """As peak-memory.ts: Linux counts into ru_maxrss what the process was a copy of; macOS tells it in bytes."""
    if sys.platform == "darwin":
        return used.ru_maxrss / MIB
    with open("/proc/self/status", encoding="ascii") as status:
        return int(re.search(r"^VmHWM:\s+(\d+) kB$", status.read(), re.MULTILINE)[1]) / 1024


def main(path, output):
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    # An invocation may have several objects: their tables are joined, here one.
    table = pa.concat_tables([project(load(path, "s3://bench/input.jsonl", "etag"))])
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="snappy")
    with open(output, "wb") as file:
        file.write(sink.getvalue().to_pybytes())
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"cpuSeconds": used.ru_utime + used.ru_stime, "peakMiB": peak_mib(used)}))


main(sys.argv[1], sys.argv[2])
