#!/usr/bin/env bash
# AnimeSR's three steps in a few minutes on a processor, all of it tiny: that everything fits together is what it shows.
# Its pictures are not worth looking at; `animesr-paper.sh` is the same at the paper's sizes.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
out=${1:-out/cpu-smoke-3steps}
video=examples/clip.mkv # plays the video of low quality
[ $# = 0 ] || [ ! -e "$out" ] || { echo "$out is there already; name a new folder" >&2; exit 1; }
rm -rf "$out"
mkdir -p "$out"

train() {
    "$python" -m training.animesr train toon:8 "$out/$1" "${@:2}" --network 24:3-2-1:64 --lr 1e-3 \
        --patch 24 --frames 3 --batch 2 --pool 8 --patches 16 --pool-frames 6 --pool-size 320x192 \
        --held-out 1 --log-every 5 --look-every 20 --device cpu
}

# Features of our own for the perceptual loss: the weights of VGG19 are others'.
"$python" -m training.critics train "$out/features" --steps 20 --batch 4 --drawings 4 --size 320x192 --log-every 5 \
    --device cpu
"$python" -m training.critics export "$out/features" "$out/toon.pth"
features=(--perceptual toon --toon-features "$out/toon.pth")

# Step 1: the network on the basic operators, by L1, then against the discriminator.
train 1-net --stage net --steps 60
train 1-gan --stage gan --steps 8 --begin-with "$out/1-net" "${features[@]}"
"$python" -m training.animesr export "$out/1-gan" "$out/basic.onnx" --name basic

# Step 2: an operator, from pseudo truth that the network of step 1 makes of smaller frames.
"$python" -m training.rescale measure "$video" "$out/video" --model "$out/basic.onnx" --factors 0.5 1 --patches 2
"$python" -m training.rescale choose "$out/video" --auto
"$python" -m training.rescale pairs "$video" "$out/video" "$out/pairs" --clips 3
lbo=(--patch 64 --batch 4 --log-every 10 --device cpu)
"$python" -m training.lbo train "$out/pairs" "$out/2-net" --stage net --steps 60 "${lbo[@]}"
"$python" -m training.lbo train "$out/pairs" "$out/2-gan" --stage gan --steps 8 --begin-with "$out/2-net" \
    "${lbo[@]}" "${features[@]}"
"$python" -m training.lbo export "$out/2-gan" "$out/operator.pth"
"$python" -m training.lbo sheet "$out/operator.pth" "$video" -o "$out/operators.png"

# Step 3: the network anew against the discriminator, from step 1's L1, with the operator in the degradations.
train 3-gan --stage gan --steps 8 --begin-with "$out/1-net" --operators "$out/operator.pth" "${features[@]}"
"$python" -m training.animesr export "$out/3-gan" "$out/toy.onnx" --name toy

"$python" -m training.evaluate --toon 0:1 --size 320x192 --frames 10 --degrade basic \
    --methods bicubic basic="$out/basic.onnx" ours="$out/toy.onnx" --output "$out/report"
"$python" -m vsanimesr upscale "$video" -o "$out/upscaled.mkv" --model "$out/toy.onnx"
ls -l "$out"
