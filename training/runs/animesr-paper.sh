#!/usr/bin/env bash
# AnimeSR's training at the paper's sizes (NeurIPS 2022, section 5, and the authors' code), on four GPUs.
#
#   DATA=AVC-Train VGG19=vgg19-dcbb9e9d.pth bash training/runs/animesr-paper.sh LOW-1.mp4 LOW-2.mp4 LOW-3.mp4
#
# DATA is a folder of clips, such as AVC-Train's or what training.prepare makes of videos of high quality. The videos are
# those of low quality whose degradations are to be learned. After step 1 the script ends once: look at the videos' sheets
# and choose, then run the same command again. Whatever was interrupted goes on. All in bfloat16 but the operators. GPUS=4
# is how many there are, CLIPS=200, of eleven frames, how many an operator is learned from; short videos have fewer.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
out=${OUT:-out/animesr}
gpus=${GPUS:-4} # each has four samples of every batch
features=(--perceptual vgg19 --vgg19 "${VGG19:?the file of the weights of VGG19}")
[ $# -ge 1 ] || { echo "name the videos of low quality" >&2; exit 1; }
for needed in "${DATA:?the folder of clips}" "$VGG19" "$@"; do
    [ -e "$needed" ] || { echo "there is no $needed" >&2; exit 1; }
done
name() { local file=${1##*/} && echo "${file%.*}"; } # of a video, and of what is made of it
[ -z "$(for video in "$@"; do name "$video"; done | sort | uniq -d)" ] ||
    { echo "two videos have one name: rename one of them" >&2; exit 1; }
"$python" -m training.critics check "${features[@]}"
"$python" -m vsanimesr models fetch animesr-v2

on_all() { "$python" -m torch.distributed.run --standalone --nproc-per-node "$gpus" -m "$@"; }
train() { on_all training.animesr train "$DATA" "$out/$1" "${@:2}" --steps 300000 --batch $((4 * gpus)) --workers 5; }

# Step 1: the network on the basic operators, by L1, then against the discriminator.
train 1-net --stage net
train 1-gan --stage gan --begin-with "$out/1-net" "${features[@]}"
"$python" -m training.animesr export "$out/1-gan" "$out/basic.onnx" --name basic

# Step 2: an operator for each video, from pseudo truth that the network of step 1 makes of smaller frames.
missing=0
for video in "$@"; do
    work=$out/videos/$(name "$video")
    [ -e "$work/measures.json" ] ||
        "$python" -m training.rescale measure "$video" "$work" --model "$out/basic.onnx" --device cuda
    if [ ! -e "$work/choice.json" ]; then
        echo "look at $work/sheet.html, then: $python -m training.rescale choose $work --factor 0.5" >&2
        missing=1
    fi
done
[ $missing = 0 ] || exit 1
operators=()
for video in "$@"; do
    work=$out/videos/$(name "$video")
    "$python" -m training.rescale pairs "$video" "$work" "$work/held-out" --clips 4 --device cuda
    "$python" -m training.rescale pairs "$video" "$work" "$work/pairs" --skip 4 --clips "${CLIPS:-200}" --device cuda
    lbo=(--held-out "$work/held-out" --steps 100000 --readers 8 --cache 12000)
    "$python" -m training.lbo train "$work/pairs" "$work/net" --stage net "${lbo[@]}"
    "$python" -m training.lbo train "$work/pairs" "$work/gan" --stage gan "${lbo[@]}" --begin-with "$work/net" \
        "${features[@]}"
    "$python" -m training.lbo export "$work/gan" "$work/operator.pth"
    operators+=("$work/operator.pth")
done

# Step 3: the network anew against the discriminator, from step 1's L1, with the operators in the degradations.
train 3-gan --stage gan --begin-with "$out/1-net" --operators "${operators[@]}" "${features[@]}"
"$python" -m training.animesr export "$out/3-gan" "$out/animesr.onnx" --name animesr-mine
"$python" -m training.evaluate --device cuda --toon 0:8 --degrade basic --methods bicubic animesr-v2 basic="$out/basic.onnx" \
    ours="$out/animesr.onnx" --output "$out/report"
