#!/bin/sh
# Makes the compressed fixtures: 2 s with short chirps centred at 0.25, 1.0 and 1.75 s (tests/common/mod.rs has the formula).
# Needs ffmpeg with libmp3lame, libvorbis and libopus. Made with ffmpeg 5.1.
set -eu
cd "$(dirname "$0")"

pulse() { echo "0.5*exp(-pow((t-$1)/0.02\,2))*sin(2*PI*(1500*(t-$1)+20000*(t-$1)*(t-$1)))"; }
signal="$(pulse 0.25)+$(pulse 1.0)+$(pulse 1.75)"

make() {
    out=$1
    rate=$2
    shift 2
    ffmpeg -hide_banner -loglevel error -y -f lavfi -i "aevalsrc=$signal:s=$rate:d=2" -bitexact -map_metadata -1 "$@" "$out"
}

# Ogg pages of 0.2 s, so that a cut file has whole pages; the default is one page of a second.
make chirps.mp3 44100 -c:a libmp3lame -b:a 48k
make chirps.m4a 44100 -c:a aac -b:a 40k
make chirps_fragmented.m4a 44100 -c:a aac -b:a 40k -movflags frag_keyframe+empty_moov+default_base_moof -frag_duration 500000
make chirps.aac 44100 -c:a aac -b:a 40k
make chirps.flac 16000 -c:a flac
make chirps.ogg 44100 -c:a libvorbis -q:a 0 -page_duration 200000
make chirps.opus 48000 -c:a libopus -b:a 24k -page_duration 200000
make chirps.webm 48000 -c:a libopus -b:a 24k
make chirps_ulaw.wav 8000 -c:a pcm_mulaw
make chirps_adpcm.wav 16000 -c:a adpcm_ima_wav
ls -l chirps*
