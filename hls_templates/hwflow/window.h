// The pixels under a kernel that slides over an image, zeros beyond its edges; a sequence is an image of one column.
//
// In: CONFIG::height x CONFIG::width beats of CONFIG::channels elements, row by row. Out: a beat for each tap of each
// window. The rows that windows need lie in CONFIG::slots lines; a step takes a pixel and gives one, where it can.
#ifndef HWFLOW_WINDOW_H_
#define HWFLOW_WINDOW_H_

#include "hls_stream.h"

namespace hwflow {

template <class CONFIG> bool window_inside(int y, int x) {
#pragma HLS INLINE
    return y >= 0 && y < int(CONFIG::height) && x >= 0 && x < int(CONFIG::width);
}

template <class data_T, class res_T, class CONFIG> void window(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    data_T lines[CONFIG::slots][CONFIG::width];
    int loaded = 0, load_x = 0;                                   // whole rows, pixels of the next one
    int top = -int(CONFIG::top), left = -int(CONFIG::left);       // corner of the window
    unsigned row = 0, column = 0, tap_row = 0, tap_column = 0;
Steps:
    for (unsigned step = 0; step < CONFIG::steps; step++) {
#pragma HLS PIPELINE II = 1
        const int bottom = top + int(CONFIG::kernel_height), first = top > 0 ? top : 0;
        const bool done = row == CONFIG::out_height;
        const bool load = loaded < int(CONFIG::height) && (done || loaded < first + int(CONFIG::slots));
        const bool emit = !done && (loaded >= bottom || loaded == int(CONFIG::height));
        if (emit) {
            const int y = top + int(tap_row), x = left + int(tap_column);
            const bool inside = window_inside<CONFIG>(y, x);
            const data_T pixel = lines[inside ? y % int(CONFIG::slots) : 0][inside ? x : 0];
            res_T out;
        Channels:
            for (unsigned n = 0; n < CONFIG::channels; n++) {
#pragma HLS UNROLL
                out[n] = inside ? typename res_T::value_type(pixel[n]) : typename res_T::value_type(0);
            }
            res.write(out);
            if (++tap_column == CONFIG::kernel_width) {
                tap_column = 0;
                if (++tap_row == CONFIG::kernel_height) {
                    tap_row = 0;
                    left += int(CONFIG::stride_width);
                    if (++column == CONFIG::out_width) {
                        column = 0;
                        left = -int(CONFIG::left);
                        top += int(CONFIG::stride_height);
                        row++;
                    }
                }
            }
        }
        if (load) {
            lines[loaded % int(CONFIG::slots)][load_x] = data.read();
            if (++load_x == int(CONFIG::width)) {
                load_x = 0;
                loaded++;
            }
        }
    }
}

template <class data_T, class res_T, class CONFIG> void window(data_T *data, res_T *res) {
#pragma HLS INLINE
    unsigned beat = 0;
Rows:
    for (unsigned row = 0; row < CONFIG::out_height; row++) {
#pragma HLS UNROLL
        for (unsigned column = 0; column < CONFIG::out_width; column++) {
#pragma HLS UNROLL
            for (unsigned tap = 0; tap < CONFIG::kernel_height * CONFIG::kernel_width; tap++, beat++) {
#pragma HLS UNROLL
                const int y = int(row * CONFIG::stride_height + tap / CONFIG::kernel_width) - int(CONFIG::top);
                const int x = int(column * CONFIG::stride_width + tap % CONFIG::kernel_width) - int(CONFIG::left);
                for (unsigned n = 0; n < CONFIG::channels; n++) {
#pragma HLS UNROLL
                    const bool inside = window_inside<CONFIG>(y, x);
                    res[beat * CONFIG::channels + n] =
                        inside ? res_T(data[(y * int(CONFIG::width) + x) * CONFIG::channels + n]) : res_T(0);
                }
            }
        }
    }
}

} // namespace hwflow

#endif
