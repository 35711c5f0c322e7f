// Beats as several narrower ones, and back.
//
// CONFIG::tokens wide beats a frame, each of CONFIG::parts narrow ones; CONFIG::in and CONFIG::out elements a beat.
#ifndef HWFLOW_RESHAPE_H_
#define HWFLOW_RESHAPE_H_

#include "hls_stream.h"

namespace hwflow {

template <class data_T, class res_T, class CONFIG> void split(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    data_T x;
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
    Parts:
        for (unsigned part = 0; part < CONFIG::parts; part++) {
#pragma HLS PIPELINE II = 1
            if (part == 0)
                x = data.read();
            res_T y;
            for (unsigned n = 0; n < CONFIG::out; n++)
                y[n] = x[part * CONFIG::out + n];
            res.write(y);
        }
    }
}

template <class data_T, class res_T, class CONFIG> void join(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    res_T y;
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
    Parts:
        for (unsigned part = 0; part < CONFIG::parts; part++) {
#pragma HLS PIPELINE II = 1
            const data_T x = data.read();
            for (unsigned n = 0; n < CONFIG::in; n++)
                y[part * CONFIG::in + n] = x[n];
            if (part == CONFIG::parts - 1)
                res.write(y);
        }
    }
}

template <class data_T, class res_T, class CONFIG> void split(data_T *data, res_T *res) {
#pragma HLS INLINE
    for (unsigned i = 0; i < CONFIG::tokens * CONFIG::in; i++)
        res[i] = data[i];
}

template <class data_T, class res_T, class CONFIG> void join(data_T *data, res_T *res) {
#pragma HLS INLINE
    for (unsigned i = 0; i < CONFIG::tokens * CONFIG::out; i++)
        res[i] = data[i];
}

} // namespace hwflow

#endif
