#!/usr/bin/env bash
# A sweep by GNU parallel, four shards at a time on one machine; the sweep file and the folder are its arguments.
parallel --jobs 4 --retries 3 shadegrad sweep "$1" --out "$2" --shard {}/8 ::: {1..8}
