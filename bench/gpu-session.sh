#!/usr/bin/env bash
# All that is to be known of a GPU, in one run for whoever has one: first whether the results are right, then which kernels are
# fastest, then every benchmark, and PyTorch's beside ours where it is installed.
#
#     bench/gpu-session.sh [--minutes 15] [--rehearse] [folder]
#
# Every part has a time limit, which it may exceed by what the parts before it left of theirs, no more than as far again unless
# it is a rehearsal. It leaves its results in the folder before the next begins, and a line in summary.tsv: name, exit code (124:
# ran out of time), seconds. None that fails stops the rest; the script fails at the end if one did. --rehearse goes through all of
# it in small sizes on the software adapter. Needs bash, Node and coreutils, and what npm ci installs.
set -uo pipefail
cd "$(dirname "$0")/.."

minutes=15 mode=measure folder=
while [ $# -gt 0 ]; do
  case $1 in
    --minutes) minutes=${2:?--minutes takes a number}; shift ;;
    --rehearse) mode=rehearse ;;
    --rehearsing) mode=rehearsing ;;
    -*) echo "gpu-session: no option $1; see the top of $0" >&2; exit 2 ;;
    *) folder=$1 ;;
  esac
  shift
done
folder=${folder:-gpu-session-$(date +%Y%m%d-%H%M%S)}
# The software adapter is found by what the environment says when a process starts.
if [ $mode = rehearse ]; then
  exec npm run --silent tsos -- exec -- bash "$PWD/bench/gpu-session.sh" --rehearsing --minutes "$minutes" "$folder"
fi
command -v timeout > /dev/null || { echo 'gpu-session: needs timeout, of coreutils' >&2; exit 2; }
mkdir -p "$folder"
summary=$folder/summary.tsv
: > "$summary"

main() {
  if [ $mode = rehearsing ]; then
    export TSOS_TEST_SHARE=0.02
    tests=(test/wgsl/spmm.test.ts test/wgsl/layer-norm.test.ts)
    transformer=(demo/transformer.tar.gz --budget 0 --batch 2 --length 5)
    resnet50=(demo/resnet18.tar.gz --budget 0)
    size=(--smoke) peers=(--quick)
  else
    export TSOS_TEST_SHARE=0.25
    tests=(test/wgsl/*.test.ts test/graph/operations/*.test.ts)
    transformer=(--model transformer --budget 30 --batch 32)
    resnet50=(--model rn50 --budget 30 --pictures 64)
    size=() peers=()
  fi
  part 200 tests ts --test --test-concurrency=1 --test-reporter=tap "${tests[@]}"
  part 60 tune-transformer ts src/cli/main.ts tune "${transformer[@]}" --json
  part 60 tune-resnet50 ts src/cli/main.ts tune "${resnet50[@]}" --json
  for name in spmm conv dense transformer resnet50 newstest masked train host ablations; do
    part 120 "$name" ts "bench/$name.ts" "${size[@]}" --json
  done
  if python3 -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2> /dev/null; then
    part 60 torch-spmm python3 bench/peers/torch_spmm.py "${peers[@]}" --json
    part 60 torch-resnet50 python3 bench/peers/torch_resnet50.py --json
  else
    printf 'torch\tnot run: PyTorch with CUDA is not installed\n' | tee -a "$summary"
  fi
  printf '\n%s in %s s; results are in %s\n' "$failures of its parts failed" "$SECONDS" "$folder"
  [ "$failures" = 0 ]
}

ts() { exec node --import tsx "$@"; }

failures=0
# The limits of all parts so far.
allowed=0

# part SECONDS NAME COMMAND…
part() {
  local limit=$1 name=$2 began=$SECONDS left=$((minutes * 60 - SECONDS)) code=0 saved=$((allowed - SECONDS))
  allowed=$((allowed + limit))
  # What is lent is not to be lost to a single part; a rehearsal only compiles, which takes as long as the machine is busy.
  [ $mode = rehearsing ] || [ "$saved" -lt "$limit" ] || saved=$limit
  [ "$saved" -le 0 ] || limit=$((limit + saved))
  local out=$folder/$name.json
  [ "$name" != tests ] || out=$folder/tests.tap
  if [ "$left" -lt 5 ]; then
    printf '%s\tnot begun: %s minutes are over\n' "$name" "$minutes" | tee -a "$summary"
    failures=$((failures + 1))
    return
  fi
  timeout --kill-after=5 $((limit < left ? limit : left)) bash -c "$(declare -f ts)"'; "$@"' part "${@:3}" \
    > "$out" 2> "$folder/$name.log" < /dev/null || code=$?
  [ $code = 0 ] || failures=$((failures + 1))
  printf '%s\t%s\t%s\n' "$name" $code $((SECONDS - began)) | tee -a "$summary"
  [ $code = 0 ] || tail -n 3 "$folder/$name.log" | sed 's/^/    /'
}

main
