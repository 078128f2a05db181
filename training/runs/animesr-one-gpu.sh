#!/usr/bin/env bash
# AnimeSR's three steps (NeurIPS 2022, section 5), shortened for one small GPU.
#
#   bash training/runs/animesr-one-gpu.sh LOW-1.mp4 LOW-2.mp4
#
# The videos are those of low quality whose degradations are to be learned. After step 1 the script ends once: look at the
# videos' sheets and choose, then run the same command again. Whatever was interrupted goes on. What the environment may say:
#
#   DATA=FOLDER    clips of high quality, AVC-Train's or those of training.prepare; otherwise they are drawn, and kept in OUT
#   VGG19=FILE     the weights of the perceptual loss; otherwise features are trained on drawings, in step 0
#   STEPS=60000    of each L1 stage; a GAN stage takes half of it
#   BATCH=8        samples of a step; where memory is short lower it, or say RECOMPUTE=1, which computes every step forward twice
#   CLIPS=60       of eleven frames, out of each video, that an operator is learned from
#   WORKERS=6      processes that draw and degrade
#   DEVICE=cuda    cpu only shows that it runs
#
# What differs from the paper, to be shorter: fewer and smaller steps, samples that grow from one frame to fifteen, a rate
# that begins higher and falls, and many samples out of every clip that was degraded. How long it takes on a GPU has not
# been measured; on a processor all its steps have run with a few samples (STEPS=12 BATCH=2 CLIPS=5 DEVICE=cpu).
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
out=${OUT:-out/animesr-one-gpu}
steps=${STEPS:-60000} batch=${BATCH:-8} workers=${WORKERS:-6} device=${DEVICE:-cuda}
data=${DATA:-toon:2000:$out/drawn}
recompute=(${RECOMPUTE:+--recompute})
[ $# -ge 1 ] || { echo "name the videos of low quality" >&2; exit 1; }
for needed in ${DATA:+"$DATA"} ${VGG19:+"$VGG19"} "$@"; do
    [ -e "$needed" ] || { echo "there is no $needed" >&2; exit 1; }
done
name() { local file=${1##*/} && echo "${file%.*}"; } # of a video, and of what is made of it
[ -z "$(for video in "$@"; do name "$video"; done | sort | uniq -d)" ] ||
    { echo "two videos have one name: rename one of them" >&2; exit 1; }
mkdir -p "$out"

train() { # RUN STAGE STEPS OPTIONS...
    "$python" -m training.animesr train "$data" "$out/$1" --stage "$2" --steps "$3" --length "$3" "${@:4}" \
        --batch "$batch" --clip 1 --clean 0.2 --pool 32 --patches 24 --pool-frames 20 --pool-size 480x288 \
        --workers "$workers" --device "$device" "${recompute[@]}"
}

# Step 0: what the perceptual loss looks at.
if [ -n "${VGG19:-}" ]; then
    features=(--perceptual vgg19 --vgg19 "$VGG19")
    "$python" -m training.critics check "${features[@]}"
else
    "$python" -m training.critics train "$out/features" --steps "$((steps / 2))" --drawn "$out/drawings" \
        --drawings "$((steps / 6))" --workers "$workers" --device "$device"
    "$python" -m training.critics export "$out/features" "$out/toon.pth"
    features=(--perceptual toon --toon-features "$out/toon.pth")
fi

# Step 1: the network on the basic operators, by L1, then against the discriminator.
train 1-net net "$steps" --growing --lr 6e-4
train 1-gan gan "$((steps / 2))" --begin-with "$out/1-net" --frames 7 "${features[@]}"
"$python" -m training.animesr export "$out/1-gan" "$out/basic.onnx" --name basic

# Step 2: an operator for each video, from pseudo truth that the network of step 1 makes of smaller frames.
missing=0
for video in "$@"; do
    work=$out/videos/$(name "$video")
    [ -e "$work/measures.json" ] ||
        "$python" -m training.rescale measure "$video" "$work" --model "$out/basic.onnx" --device "$device"
    if [ ! -e "$work/choice.json" ]; then
        echo "look at $work/sheet.html, then: $python -m training.rescale choose $work --factor 0.5" >&2
        missing=1
    fi
done
[ $missing = 0 ] || exit 1
operators=()
for video in "$@"; do
    work=$out/videos/$(name "$video")
    "$python" -m training.rescale pairs "$video" "$work" "$work/held-out" --clips 4 --device "$device"
    "$python" -m training.rescale pairs "$video" "$work" "$work/pairs" --skip 4 --clips "${CLIPS:-60}" --device "$device"
    lbo=(--held-out "$work/held-out" --batch 8 --patch 128 --cache 4096 --device "$device")
    "$python" -m training.lbo train "$work/pairs" "$work/net" --stage net --steps "$((steps / 4))" --lr 5e-4 "${lbo[@]}"
    "$python" -m training.lbo train "$work/pairs" "$work/gan" --stage gan --steps "$((steps / 8))" "${lbo[@]}" \
        --begin-with "$work/net" "${features[@]}"
    "$python" -m training.lbo export "$work/gan" "$work/operator.pth"
    operators+=("$work/operator.pth")
done
"$python" -m training.lbo sheet "${operators[@]}" examples/clip.mkv -o "$out/operators.png"

# Step 3: the network anew against the discriminator, from step 1's L1, with the operators in the degradations.
train 3-gan gan "$((steps / 2))" --begin-with "$out/1-net" --frames 7 --operators "${operators[@]}" "${features[@]}"
"$python" -m training.animesr export "$out/3-gan" "$out/animesr.onnx" --name animesr-mine
"$python" -m training.evaluate --toon 0:8 --degrade basic --methods bicubic basic="$out/basic.onnx" \
    ours="$out/animesr.onnx" --device "$device" --output "$out/report"
