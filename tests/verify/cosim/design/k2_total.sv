// Takes the beats of a frame, then gives their sum once for each of them.
module k2_total #(
    parameter int BEATS = 4,
    parameter int DEPTH = 2
) (
    input  logic        clk,
    input  logic        rst,
    input  logic        s_valid,
    output logic        s_ready,
    input  logic [15:0] s_data,
    output logic        m_valid,
    input  logic        m_ready,
    output logic [15:0] m_data
);
    localparam int INDEX = $clog2(2 * BEATS);
    logic [INDEX-1:0] index;
    logic [15:0] total;
    logic room, gives, start;

    assign gives = index >= INDEX'(BEATS);
    assign start = gives ? room : s_valid;
    assign s_ready = start && !gives;

    always_ff @(posedge clk) begin
        if (rst) index <= '0;
        else if (start) index <= index == INDEX'(2 * BEATS - 1) ? '0 : index + 1'b1;
        if (s_ready) begin
            total[15:8] <= (index == '0 ? 8'd0 : total[15:8]) + s_data[15:8];
            total[7:0]  <= (index == '0 ? 8'd0 : total[7:0]) + s_data[7:0];
        end
    end

    hwflow_fifo #(.WIDTH(16), .DEPTH(DEPTH)) fifo0 (
        .clk, .rst, .room, .reserve(start && gives), .write(start && gives), .wdata(total), .m_valid, .m_ready, .m_data
    );
endmodule
