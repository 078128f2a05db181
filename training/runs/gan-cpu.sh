#!/usr/bin/env bash
# Does the GAN stage train? From one of proof-cpu.sh's networks on, narrow and with small samples, on two cores.
# Features of our own judge pictures. RUN/log.jsonl of the two trainings has the losses, and what the held-out clips' PSNR
# and edges are now and then; the report shows pictures before and after. Killed, it goes on where it was.
#
#   bash training/runs/gan-cpu.sh NETWORK [OUT]
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
net=${1:?a network of stage net as an artifact, such as out/proof/0/basic.onnx}
out=${2:-out/gan-cpu}
steps=${STEPS:-1500}
processes=${PROCESSES:-2}
precision=${PRECISION:-bf16} # fp32 where that is quicker
export OMP_NUM_THREADS=1 # for each process a core
mkdir -p "$out"
train() {
    "$python" -m torch.distributed.run --standalone --nproc-per-node "$processes" -m "$@" --device cpu --precision "$precision"
}

train training.critics train "$out/features" --steps "$steps" --drawings "$((steps / 2))" --batch 8 --patch 64
"$python" -m training.critics export "$out/features" "$out/features.pth"

train training.animesr train "toon:200:$out/drawn" "$out/gan" --stage gan --begin-with "$net" --network 24:3-2-1:64 \
    --clean 0.2 --steps "$steps" --lr 1e-4 --clip 1 --frames 3 --patch 32 --batch 4 \
    --pool 16 --patches 24 --pool-frames 20 --pool-size 480x288 --look-every "$((steps / 6))" --log-every 25 \
    --perceptual toon --toon-features "$out/features.pth"
"$python" -m training.animesr export "$out/gan" "$out/gan.onnx" --name gan
"$python" -m training.evaluate --toon 0:8 --frames 12 --degrade basic --methods bicubic net="$net" \
    gan="$out/gan.onnx" --output "$out/report"
