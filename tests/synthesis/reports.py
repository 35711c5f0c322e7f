"""Reports in the format of AMD's tools, written for these tests."""

from __future__ import annotations

CSYNTH = """<?xml version="1.0" encoding="UTF-8"?>
<profile>
    <ReportVersion><Version>2023.2</Version></ReportVersion>
    <UserAssignments><unit>ns</unit><TargetClockPeriod>5.00</TargetClockPeriod></UserAssignments>
    <PerformanceEstimates>
        <PipelineType>dataflow</PipelineType>
        <SummaryOfTimingAnalysis><unit>ns</unit><EstimatedClockPeriod>3.650</EstimatedClockPeriod></SummaryOfTimingAnalysis>
        <SummaryOfOverallLatency>
            <Best-caseLatency>40</Best-caseLatency>
            <Worst-caseLatency>{latency}</Worst-caseLatency>
            <Interval-min>8</Interval-min>
            <Interval-max>9</Interval-max>
        </SummaryOfOverallLatency>
    </PerformanceEstimates>
    <AreaEstimates>
        <Resources><BRAM_18K>6</BRAM_18K><{dsp}>20</{dsp}><FF>3000</FF><LUT>5000</LUT><URAM>0</URAM></Resources>
        <AvailableResources><BRAM_18K>4320</BRAM_18K><LUT>1182240</LUT></AvailableResources>
    </AreaEstimates>
    <ModuleInformation>
        <Module>
            <Name>linear_array_ap_fixed_8u_array_ap_fixed_16u_k0_scale_config_s</Name>
            <AreaEstimates><Resources>
                <BRAM_18K>4</BRAM_18K><DSP>16</DSP><FF>2000</FF><LUT>3500</LUT><URAM>0</URAM>
            </Resources></AreaEstimates>
        </Module>
        <Module>
            <Name>row_array_ap_fixed_16u_array_ap_fixed_4u_k1_sum_config_s</Name>
            <AreaEstimates><Resources>
                <BRAM_18K>0</BRAM_18K><DSP>4</DSP><FF>800</FF><LUT>1000</LUT><URAM>0</URAM>
            </Resources></AreaEstimates>
        </Module>
    </ModuleInformation>
</profile>
"""

COSIM = """Report time       : Mon Mar 03 10:00:00 AM CET 2025.
Simulation tool   : xsim.

+----------+----------+-----------------------------+-----------------------------+----------------------+
|          |          |    Latency(Clock Cycles)    |    Interval(Clock Cycles)   | Total Execution Time |
+   RTL    +  Status  +-----------------------------+-----------------------------+    (Clock Cycles)    +
|          |          |   min   |   avg   |   max   |   min   |   avg   |   max   |                      |
+----------+----------+-----------------------------+-----------------------------+----------------------+
|      VHDL|        NA|       NA|       NA|       NA|       NA|       NA|       NA|                    NA|
|   Verilog|{status:>10}|{values}|
+----------+----------+-----------------------------+-----------------------------+----------------------+
"""

UTILISATION = """Copyright 1986-2022 Xilinx, Inc. All Rights Reserved.
---------------------------------------------------------------------------------------------------------
| Tool Version : Vivado v.2023.2 (lin64) Build 4029153 Fri Oct 13 20:13:54 MDT 2023
| Command      : report_utilization -file vsynth_utilisation.rpt
| Design       : hwflow_top
| Device       : xcvu9p-flga2104-2L-e
| Design State : Synthesized
---------------------------------------------------------------------------------------------------------

1. CLB Logic
------------

+----------------------------+------+-------+------------+-----------+-------+
|          Site Type         | Used | Fixed | Prohibited | Available | Util% |
+----------------------------+------+-------+------------+-----------+-------+
| CLB LUTs*                  | {lut} |     0 |          0 |   1182240 |  0.38 |
|   LUT as Logic             | 4100 |     0 |          0 |   1182240 |  0.35 |
|   LUT as Memory            |  400 |     0 |          0 |    591840 |  0.07 |
| CLB Registers              | 2600 |     0 |          0 |   2364480 |  0.11 |
|   Register as Flip Flop    | 2600 |     0 |          0 |   2364480 |  0.11 |
| CARRY8                     |  120 |     0 |          0 |    147780 |  0.08 |
+----------------------------+------+-------+------------+-----------+-------+
* Warning! The Final LUT count, after physical optimizations and full implementation, is typically lower.

3. BLOCKRAM
-----------

+-------------------+------+-------+------------+-----------+-------+
|     Site Type     | Used | Fixed | Prohibited | Available | Util% |
+-------------------+------+-------+------------+-----------+-------+
| Block RAM Tile    |  2.5 |     0 |          0 |      2160 |  0.12 |
|   RAMB36/FIFO*    |    2 |     0 |          0 |      2160 |  0.09 |
|   RAMB18          |    1 |     0 |          0 |      4320 |  0.02 |
|     RAMB18E2 only |    1 |       |            |           |       |
| URAM              |    {uram} |     0 |          0 |       960 |  0.00 |
+-------------------+------+-------+------------+-----------+-------+

4. ARITHMETIC
-------------

+----------------+------+-------+------------+-----------+-------+
|    Site Type   | Used | Fixed | Prohibited | Available | Util% |
+----------------+------+-------+------------+-----------+-------+
| DSPs           |   18 |     0 |          0 |      6840 |  0.26 |
|   DSP48E2 only |   18 |       |            |           |       |
+----------------+------+-------+------------+-----------+-------+
"""

KERNELS = """Copyright 1986-2022 Xilinx, Inc. All Rights Reserved.
| Tool Version : Vivado v.2023.2 (lin64) Build 4029153 Fri Oct 13 20:13:54 MDT 2023

1. Utilization by Hierarchy
---------------------------

+----------------+-------------+------------+------------+---------+------+------+--------+--------+------+------------+
|    Instance    |    Module   | Total LUTs | Logic LUTs | LUTRAMs | SRLs |  FFs | RAMB36 | RAMB18 | URAM | DSP Blocks |
+----------------+-------------+------------+------------+---------+------+------+--------+--------+------+------------+
| hwflow_top     |       (top) | {lut} |       4100 |     400 |    0 | 2600 |      2 |      1 |    {uram} |         18 |
|   (hwflow_top) |       (top) |          3 |          3 |       0 |    0 |    1 |      0 |      0 |    0 |          0 |
|   input_fifo   | hwflow_fifo |         97 |         40 |      57 |    0 |   99 |      0 |      0 |    0 |          0 |
|   k0_scale     |    k0_scale |       3400 |       3100 |     300 |    0 | 1900 |      2 |      1 |    0 |         16 |
|   k1_sum       |      k1_sum |       1000 |        957 |      43 |    0 |  600 |      0 |      0 |    0 |          2 |
+----------------+-------------+------------+------------+---------+------+------+--------+--------+------+------------+
* Note: The sum of lower-level cells may be larger than their parent cells total, due to cross-hierarchy LUT combining
"""

TIMING = """Copyright 1986-2022 Xilinx, Inc. All Rights Reserved.
------------------------------------------------------------------------------------------------
| Design Timing Summary
| ---------------------
------------------------------------------------------------------------------------------------

    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints      WHS(ns)      THS(ns)
    -------      -------  ---------------------  -------------------      -------      -------
{slack:>11}        0.000                      0                 5230           NA           NA


All user specified timing constraints are met.
"""


def csynth(latency: str = "41", dsp: str = "DSP") -> str:
    """Synthesis report of Vitis HLS with two kernels."""
    return CSYNTH.format(latency=latency, dsp=dsp)


def cosim(status: str = "Pass", values: str = "40|41|42|8|8|9|500") -> str:
    """Cosimulation report."""
    return COSIM.format(status=status, values=values)


def utilisation(lut: int = 4500, uram: int = 0) -> str:
    """Vivado's utilisation of an UltraScale+ chip."""
    return UTILISATION.format(lut=lut, uram=uram)


def kernels(lut: int = 4500, uram: int = 0) -> str:
    """Vivado's utilisation by instance."""
    return KERNELS.format(lut=lut, uram=uram)


def timing(slack: str = "1.250") -> str:
    """Vivado's timing summary; the period was 5 ns."""
    return TIMING.format(slack=slack)
