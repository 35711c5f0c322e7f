// Streams joined beat by beat (concat_channels), or one stream after the other (concat_tokens).
//
// Beat out: CONFIG::out elements, CONFIG::beats a frame; CONFIG::constant(beat, n) is what no stream brings.
// Channels: port p brings CONFIG::width(p) elements, from element CONFIG::offset(p) on.
// Tokens: CONFIG::turn(beat) is the port that brings a beat, or the number of ports for a constant.
#ifndef HWFLOW_CONCAT_H_
#define HWFLOW_CONCAT_H_

#include "hls_stream.h"

namespace hwflow {

template <class CONFIG, class res_T> void concat_constants(res_T &y, unsigned beat) {
#pragma HLS INLINE
    for (unsigned n = 0; n < CONFIG::out; n++) {
#pragma HLS UNROLL
        y[n] = CONFIG::constant(beat, n);
    }
}

template <class CONFIG, class res_T> void concat_join(res_T &, unsigned, unsigned) {}

// Element n of operand x lies at x[token * width + n].
template <class CONFIG, class res_T, class data_T, class... more_T>
void concat_join(res_T &y, unsigned port, unsigned token, const data_T &x, const more_T &... more) {
#pragma HLS INLINE
    for (unsigned n = 0; n < CONFIG::width(port); n++) {
#pragma HLS UNROLL
        y[CONFIG::offset(port) + n] = x[token * CONFIG::width(port) + n];
    }
    concat_join<CONFIG>(y, port + 1, token, more...);
}

template <class CONFIG, class res_T, class... data_T>
void concat_channels(hls::stream<res_T> &res, hls::stream<data_T> &... data) {
Tokens:
    for (unsigned token = 0; token < CONFIG::beats; token++) {
#pragma HLS PIPELINE II = 1
        res_T y;
        concat_constants<CONFIG>(y, token);
        concat_join<CONFIG>(y, 0, 0, data.read()...);
        res.write(y);
    }
}

template <class CONFIG, class res_T, class... data_T> void concat_channels(res_T *res, data_T *... data) {
#pragma HLS INLINE
Tokens:
    for (unsigned token = 0; token < CONFIG::beats; token++) {
#pragma HLS UNROLL
        res_T *y = res + token * CONFIG::out;
        concat_constants<CONFIG>(y, token);
        concat_join<CONFIG>(y, 0, token, data...);
    }
}

template <class CONFIG, class res_T> void concat_take(res_T &, unsigned) {}

template <class CONFIG, class res_T, class data_T, class... more_T>
void concat_take(res_T &y, unsigned port, hls::stream<data_T> &data, hls::stream<more_T> &... more) {
#pragma HLS INLINE
    if (port == 0) {
        const data_T x = data.read();
        for (unsigned n = 0; n < CONFIG::out; n++)
            y[n] = x[n];
    }
    concat_take<CONFIG>(y, port - 1, more...);
}

template <class CONFIG, class res_T, class data_T, class... more_T>
void concat_take(res_T &y, unsigned port, data_T *&data, more_T *&... more) {
#pragma HLS INLINE
    if (port == 0) {
        for (unsigned n = 0; n < CONFIG::out; n++)
            y[n] = data[n];
        data += CONFIG::out;
    }
    concat_take<CONFIG>(y, port - 1, more...);
}

template <class CONFIG, class res_T, class... data_T>
void concat_tokens(hls::stream<res_T> &res, hls::stream<data_T> &... data) {
Tokens:
    for (unsigned beat = 0; beat < CONFIG::beats; beat++) {
#pragma HLS PIPELINE II = 1
        res_T y;
        concat_constants<CONFIG>(y, beat);
        concat_take<CONFIG>(y, CONFIG::turn(beat), data...);
        res.write(y);
    }
}

template <class CONFIG, class res_T, class... data_T> void concat_tokens(res_T *res, data_T *... data) {
#pragma HLS INLINE
Tokens:
    for (unsigned beat = 0; beat < CONFIG::beats; beat++) {
#pragma HLS UNROLL
        res_T *y = res + beat * CONFIG::out;
        concat_constants<CONFIG>(y, beat);
        concat_take<CONFIG>(y, CONFIG::turn(beat), data...);
    }
}

} // namespace hwflow

#endif
