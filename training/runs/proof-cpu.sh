#!/usr/bin/env bash
# Do learned operators help on degradations that no training knows? A narrow network, stage net, on two cores; hours.
# Each of three seeds has its own network of basic operators, operators, networks without and with them; the clips and the
# videos are the same. The factor is 0.5, as in the authors' code. Killed, it goes on where it was; OUT/proof.md is the
# report.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
out=${1:-out/proof}
steps=${STEPS:-3000}
learning=${LEARNING:-10000} # steps of each operator
seeds=${SEEDS:-"0 1 2"}
export OMP_NUM_THREADS=1 # two processes of one thread each
mkdir -p "$out"

on_both() { "$python" -m torch.distributed.run --standalone --nproc-per-node 2 -m "$@" --device cpu; }

train() { # SEED NAME OPTIONS...
    on_both training.animesr train \
        "toon:200:$out/drawn" "$out/$1/$2" "${@:3}" --stage net --plain --seed "$1" --network 24:3-2-1:64 --clean 0.2 \
        --steps "$steps" --length "$steps" --growing --lr 1e-3 --clip 1 --frames 15 --patch 48 --batch 4 \
        --pool 16 --patches 24 --pool-frames 20 --pool-size 480x288 --look-every 1000
    "$python" -m training.animesr export "$out/$1/$2" "$out/$1/$2.onnx" --name "$2"
}

# Three videos of low quality that one chain made, each of other drawings; the truth of none is looked at.
for number in 0 1 2; do
    [ -e "$out/low-$number.mkv" ] ||
        "$python" -m training.hidden video "$out/low-$number.mkv" --chain broadcast --first $((100 * number)) --clips 30
done

for seed in $seeds; do
    train "$seed" basic
    operators=()
    for number in 0 1 2; do
        work=$out/$seed/video-$number
        [ -e "$work/choice.json" ] || {
            "$python" -m training.rescale measure "$out/low-$number.mkv" "$work" --model "$out/$seed/basic.onnx" \
                --factors 0.5 1 --patches 2 --seed "$seed" --quiet
            "$python" -m training.rescale choose "$work" --usual
        }
        "$python" -m training.rescale pairs "$out/low-$number.mkv" "$work" "$work/pairs" --clips 30 --seed "$seed" --quiet
        on_both training.lbo train "$work/pairs" "$work/net" --held-out "$work/pairs" --seed $((10 * seed + number)) \
            --steps "$learning" --lr 1e-3 --batch 8 --patch 96
        "$python" -m training.lbo export "$work/net" "$work/operator.pth"
        operators+=("$work/operator.pth")
    done
    "$python" -m training.lbo sheet "${operators[@]}" examples/clip.mkv -o "$out/$seed/operators.png"
    train "$seed" twice --twice
    train "$seed" pool --twice --operators "${operators[@]}"
    for degradation in bicubic basic broadcast tape; do
        [ -e "$out/$seed/$degradation/results.json" ] ||
            "$python" -m training.evaluate --toon 0:24 --frames 24 --degrade "$degradation" \
                --output "$out/$seed/$degradation" --metrics psnr psnr-lines ssim --methods bicubic \
                basic="$out/$seed/basic.onnx" twice="$out/$seed/twice.onnx" pool="$out/$seed/pool.onnx"
    done
done
"$python" -m training.proof "$out" -o "$out/proof.md" --figures "$out/proof.jsonl"
